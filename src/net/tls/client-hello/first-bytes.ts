import { HELLO_REFUSALS, type HelloRefusal } from './hello-refusal.ts';

const METHODS: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PRI PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH'.split(
    ' ',
  ),
);
/** As long as the longest method and the space after it. */
const MOST_BYTES = 10;

const SPACE = 0x20;
const LETTER_A = 0x41;
const LETTER_Z = 0x5a;

/** Says what the first bytes are when they are not TLS; undefined when it takes more bytes to say it. */
export function recognizeOtherProtocol(bytes: Buffer, length: number): HelloRefusal | undefined {
  const first = bytes[0] as number;
  if (first >= 0x80) return recognizeSslv2(bytes, length);
  for (let at = 0; at < length && at < MOST_BYTES; at++) {
    const byte = bytes[at] as number;
    if (byte >= LETTER_A && byte <= LETTER_Z) continue;
    const isMethod = byte === SPACE && METHODS.has(bytes.latin1Slice(0, at));
    return isMethod ? HELLO_REFUSALS.plainHttp : HELLO_REFUSALS.notTls;
  }
  return length >= MOST_BYTES ? HELLO_REFUSALS.notTls : undefined;
}

/** The hello of SSL 2.0: two bytes of length with the highest bit set, message type 1, the version. Source: RFC 5246, appendix E.2. */
function recognizeSslv2(bytes: Buffer, length: number): HelloRefusal | undefined {
  if (length < 4) return length === 3 && bytes[2] !== 1 ? HELLO_REFUSALS.notTls : undefined;
  const version = bytes[3] as number;
  return bytes[2] === 1 && (version === 2 || version === 3 || version === 0)
    ? HELLO_REFUSALS.sslv2
    : HELLO_REFUSALS.notTls;
}
