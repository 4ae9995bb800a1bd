import type { Mending, Unmended } from './mending.ts';

const LF = 0x0a;

/** Method, target and version, with exactly one blank between them (RFC 9112 3). The parser looks at the target. */
const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/(\d)\.(\d)\r\n$/;
/** Bytes that may still become such a line. */
const BEGINNING =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: (?:[\x21-\x7e\x80-\xff]+(?: (?:H|HT|HTT|HTTP|HTTP\/(?:\d(?:\.(?:\d\r?)?)?)?)?)?)?)?$/;
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]*/;
const TARGET = /^[\x21-\x7e\x80-\xff]*/;
const VERSION = /^HTTP\/\d\.\d/;

/**
 * Reads the request line of a request that the parser refused within that line. The parser knows some forty methods and
 * two versions, but any token may be a method (RFC 9110 9.1), and HTTP/1.2 to 1.9 mean 1.1 (RFC 9110 2.5). The parser gets `GET` and a
 * version that it knows in their place, so that it reads the target and everything after it as strictly as always.
 *
 * @param bytes from the first byte of the request on
 * @param encodesTarget percent-encode bytes of the target above 0x7F, which the parser refuses because a URI has none (RFC 3986 2)
 */
export function mendRequestLine(bytes: Buffer, encodesTarget = false): Mending {
  const lineEnd = bytes.indexOf(LF);
  if (lineEnd < 0) {
    const begun = bytes.latin1Slice(0, bytes.length);
    return BEGINNING.test(begun) ? undefined : faultOf(begun);
  }
  const line = bytes.latin1Slice(0, lineEnd + 1);
  const [, method = '', target = '', major = '', minor = ''] = LINE.exec(line) ?? [];
  if (method === '') return faultOf(line);
  if (method === 'PRI') return { rule: 'version', reason: 'HTTP/2 is not supported', at: 0 };
  // Some backends ignore the case of a method, so they must not get a CONNECT in lower case either.
  const isConnect = method.toUpperCase() === 'CONNECT';
  return {
    text: `${isConnect ? 'CONNECT' : 'GET'} ${encodesTarget ? encoded(target) : target} HTTP/${knownVersion(major, minor)}\r\n`,
    length: line.length,
    method: isConnect ? 'CONNECT' : method,
  };
}

/** The target with its bytes above 0x7F percent-encoded. */
function encoded(target: string): string {
  return target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The version that the parser gets in place of this one. Later checks judge both in the same way. */
function knownVersion(major: string, minor: string): string {
  if (major === '1') return minor === '0' ? '1.0' : '1.1';
  return major === '0' ? '0.9' : '2.0';
}

/** Finds the first byte that is not allowed, and the rule that it breaks. */
function faultOf(line: string): Unmended {
  const method = METHOD.exec(line)?.[0].length ?? 0;
  if (method === 0 || (method < line.length && line[method] !== ' '))
    return { rule: 'method', reason: 'the method is no token', at: method };
  const target = method + 1 + (TARGET.exec(line.slice(method + 1))?.[0].length ?? 0);
  if (target > method + 1 && (line[target] === '\r' || line[target] === '\n'))
    return { rule: 'version', reason: 'the request line has no version', at: target };
  if (target === method + 1 || line[target] !== ' ')
    return { rule: 'target', reason: 'the request target is malformed', at: target };
  const version = VERSION.exec(line.slice(target + 1))?.[0].length ?? 0;
  if (version === 0) return { rule: 'version', reason: 'the HTTP version is malformed', at: target + 1 };
  return { rule: 'line_end', reason: 'the request line does not end in CRLF', at: target + 1 + version };
}
