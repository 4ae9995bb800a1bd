import { chunked, named } from '../case.ts';
import { CHUNK_SHAPES } from './chunk-shapes.ts';
import { CODINGS, LENGTHS } from './framing-values.ts';

/** The answer of a backend, and the request that it is for. */
export interface ResponseCase {
  readonly index: number;
  readonly family: string;
  readonly what: string;
  /** The method and version of the request. */
  readonly method: string;
  readonly version: string;
  readonly bytes: string;
  /** Whether the backend closes behind it. */
  readonly close: boolean;
}

/** A response that hides in a body or behind one: no client may ever get it as the answer to its next request. */
export const HIDDEN_RESPONSE = 'HTTP/1.1 200 OK\r\nX-Hidden: 1\r\nContent-Length: 6\r\n\r\nhidden';

/** Tells the backend's answer from one of the proxy's own. */
export const SUBJECT_LINE = 'X-Subject: 1\r\n';

interface ResponseDraft {
  readonly statusLine?: string;
  readonly lines?: string;
  readonly body?: string;
}

type Attempt = readonly [what: string, bytes: string, method?: string, close?: boolean, version?: string];

function response({ statusLine = 'HTTP/1.1 200 OK', lines = '', body = '' }: ResponseDraft): string {
  return `${statusLine}\r\n${SUBJECT_LINE}${lines}\r\n${body}`;
}

const STATUS_LINES: readonly string[] = [
  ...[
    'HTTP/1.1 200 OK',
    'HTTP/1.1 200',
    'HTTP/1.1 200 ',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 200  OK',
    'HTTP/1.1\t200 OK',
    ' HTTP/1.1 200 OK',
  ],
  ...[
    'HTTP/1.0 200 OK',
    'HTTP/0.9 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/2.0 200 OK',
    'HTTP/2 200',
    'HTTP/11 200 OK',
    'HTTP/1.1x 200 OK',
  ],
  ...[
    'http/1.1 200 OK',
    'ICY 200 OK',
    'RTSP/1.0 200 OK',
    'RTSP/1.1 200 OK',
    'ICE/1.1 200 OK',
    'HTTPS/1.1 200 OK',
    '200 OK',
    'OK',
    '',
  ],
  ...[
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 000 OK',
    'HTTP/1.1 999 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 -200 OK',
  ],
  ...[
    'HTTP/1.1 +200 OK',
    'HTTP/1.1 2xx OK',
    'HTTP/1.1 0x200 OK',
    'HTTP/1.1 200.0 OK',
    'HTTP/1.1 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1 200\tOK',
  ],
  ...[
    'HTTP/1.1 200 O\rK',
    'HTTP/1.1 200 O\nK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\x01K',
    'HTTP/1.1 200 \xe4',
    'HTTP/1.1 200 OK\rX: y',
  ],
  ...[
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 102 Processing',
    'HTTP/1.1 103 Early Hints',
    'HTTP/1.1 199 X',
  ],
  ...[
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 205 Reset',
    'HTTP/1.1 206 Partial',
    'HTTP/1.1 304 Not Modified',
    'HTTP/1.1 404 Not Found',
    'HTTP/1.1 500 X',
  ],
];

const FRAMINGS: readonly (readonly [string, string, string])[] = [
  ['no length', '', 'hello'],
  ['no length, empty', '', ''],
  ['length 0', 'Content-Length: 0\r\n', ''],
  ['a length', 'Content-Length: 5\r\n', 'hello'],
  ['a length and more', 'Content-Length: 5\r\n', `hello${HIDDEN_RESPONSE}`],
  ['a length and less', 'Content-Length: 50\r\n', 'hello'],
  ['chunks', 'Transfer-Encoding: chunked\r\n', chunked('hello')],
  ['chunks and more', 'Transfer-Encoding: chunked\r\n', chunked('hello') + HIDDEN_RESPONSE],
  ['a hidden chunk', 'Transfer-Encoding: chunked\r\n', chunked(HIDDEN_RESPONSE)],
  ['length 0 and more', 'Content-Length: 0\r\n', HIDDEN_RESPONSE],
  [
    'both',
    `Transfer-Encoding: chunked\r\nContent-Length: ${String(5 + HIDDEN_RESPONSE.length)}\r\n`,
    `0\r\n\r\n${HIDDEN_RESPONSE}`,
  ],
  ['both, other order', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, chunked(HIDDEN_RESPONSE)],
];

function* statuses(): Iterable<Attempt> {
  for (const statusLine of STATUS_LINES) {
    yield [named(statusLine), response({ statusLine, lines: 'Content-Length: 5\r\n', body: 'hello' })];
    yield [`${named(statusLine)} until close`, response({ statusLine, body: 'hello' }), 'GET', true];
  }
  for (const status of [
    '200 OK',
    '204 No Content',
    '205 Reset',
    '304 Not Modified',
    '100 Continue',
    '103 Early Hints',
    '404 X',
  ]) {
    for (const [framing, lines, body] of FRAMINGS) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        for (const close of [false, true]) {
          const what = `${status} with ${framing} to ${method}${close ? ', closing' : ''}`;
          yield [what, response({ statusLine: `HTTP/1.1 ${status}`, lines, body }), method, close];
        }
      }
      const old = response({
        statusLine: `HTTP/1.0 ${status}`,
        lines: `Connection: keep-alive\r\n${lines}`,
        body,
      });
      yield [`${status} in HTTP/1.0 with ${framing}`, old];
      const said = response({
        statusLine: `HTTP/1.1 ${status}`,
        lines: `Connection: close\r\n${lines}`,
        body,
      });
      yield [`${status} with ${framing} and Connection: close`, said];
      yield [
        `${status} with ${framing} to HTTP/1.0`,
        response({ statusLine: `HTTP/1.1 ${status}`, lines, body }),
        'GET',
        true,
        'HTTP/1.0',
      ];
    }
  }
}

function* framings(): Iterable<Attempt> {
  for (const length of LENGTHS) {
    const body = `hello${HIDDEN_RESPONSE}`;
    const line = `Content-Length:${length.replaceAll('N', '5')}\r\n`;
    yield [`length ${named(length)}`, response({ lines: line, body }), 'GET', true];
    yield [`length ${named(length)} to HEAD`, response({ lines: line }), 'HEAD'];
    const coded = `${line}Transfer-Encoding: chunked\r\n`;
    yield [
      `length ${named(length)} and chunks`,
      response({ lines: coded, body: `0\r\n\r\n${HIDDEN_RESPONSE}` }),
      'GET',
      true,
    ];
  }
  for (const coding of CODINGS) {
    const line = `Transfer-Encoding:${coding}\r\n`;
    const body = `0\r\n\r\n${HIDDEN_RESPONSE}`;
    yield [`coding ${named(coding)}`, response({ lines: line, body }), 'GET', true];
    const both = `Content-Length: ${String(body.length)}\r\n${line}`;
    yield [`coding ${named(coding)} and a length`, response({ lines: both, body }), 'GET', true];
  }
  for (const first of ['5', '0', '', 'x', '05', '-1']) {
    for (const second of ['5', '0', '', 'x', '05', '-1']) {
      const lines = `Content-Length: ${first}\r\nContent-Length: ${second}\r\n`;
      yield [
        `lengths ${named(first)} and ${named(second)}`,
        response({ lines, body: `hello${HIDDEN_RESPONSE}` }),
        'GET',
        true,
      ];
    }
  }
}

function* chunks(): Iterable<Attempt> {
  for (const shape of CHUNK_SHAPES) {
    for (const close of [false, true]) {
      const what = `chunks ${named(shape.slice(0, 60))}${close ? ', closing' : ''}`;
      yield [what, response({ lines: 'Transfer-Encoding: chunked\r\n', body: shape }), 'GET', close];
    }
    const bytes = response({ lines: 'Transfer-Encoding: chunked\r\n', body: shape });
    yield [`chunks ${named(shape.slice(0, 60))} to HTTP/1.0`, bytes, 'GET', true, 'HTTP/1.0'];
  }
  const trailers = [
    'X-T: 1\r\n',
    'Content-Length: 5\r\n',
    'Set-Cookie: a=b\r\n',
    'X T: 1\r\n',
    'X-T: 1\r\n 2\r\n',
    'X-T: 1\n',
    'Transfer-Encoding: chunked\r\n',
  ];
  for (const trailer of trailers) {
    const body = `5\r\nhello\r\n0\r\n${trailer}\r\n`;
    yield [`trailer ${named(trailer)}`, response({ lines: 'Transfer-Encoding: chunked\r\n', body })];
  }
}

function* fields(): Iterable<Attempt> {
  const odd = [
    'X : 1',
    'X\t: 1',
    ' X: 1',
    'X',
    ': 1',
    'X: 1\rY: 2',
    'X: 1\nY: 2',
    'X: 1\0Y',
    'X\0: 1',
    'X: 1\r\n 2',
    'X:\r\n 2',
    'X Y: 1',
  ];
  const framing = [
    'Content-Length : 0',
    'Transfer-Encoding : chunked',
    'X: y\rContent-Length: 0',
    'X: y\nContent-Length: 0',
    'X: y\r\n Content-Length: 0',
  ];
  const hops = [
    'Connection: Content-Length',
    'Connection: Transfer-Encoding',
    'Connection: X-Subject',
    'Connection: close, X',
    'Upgrade: h2c',
    'Keep-Alive: x',
  ];
  for (const line of [...odd, ...framing, ...hops]) {
    const body = `hello${HIDDEN_RESPONSE}`;
    yield [`${named(line)} before a length`, response({ lines: `${line}\r\nContent-Length: 5\r\n`, body })];
    yield [
      `${named(line)} after a length`,
      response({ lines: `Content-Length: 5\r\n${line}\r\n`, body: 'hello' }),
    ];
    yield [
      `${named(line)} with chunks`,
      response({ lines: `Transfer-Encoding: chunked\r\n${line}\r\n`, body: chunked('hello') }),
    ];
  }
  for (let code = 0; code < 256; code += 1) {
    if (code > 0x20 && code < 0x7f && code % 5 !== 0) continue;
    const byte = String.fromCharCode(code);
    const what = `byte ${code.toString(16).padStart(2, '0')}`;
    yield [`${what} in a name`, response({ lines: `X${byte}Y: 1\r\nContent-Length: 5\r\n`, body: 'hello' })];
    yield [
      `${what} in a value`,
      response({ lines: `X: a${byte}Content-Length: 0\r\nContent-Length: 5\r\n`, body: 'hello' }),
    ];
    yield [
      `${what} in the reason`,
      response({ statusLine: `HTTP/1.1 200 O${byte}K`, lines: 'Content-Length: 5\r\n', body: 'hello' }),
    ];
  }
}

function* sequences(): Iterable<Attempt> {
  const good = response({ lines: 'Content-Length: 5\r\n', body: 'hello' });
  const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
  yield ['two responses', good + HIDDEN_RESPONSE];
  yield ['interim then final', interim + good];
  yield ['30 interims then final', interim.repeat(30) + good];
  yield ['interim with a length', `HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n${good}`];
  yield ['interim with chunks', `HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${good}`];
  yield ['only an interim', interim, 'GET', true];
  yield ['interim to HTTP/1.0', interim + good, 'GET', true, 'HTTP/1.0'];
  yield [
    'an upgrade that nobody asked for',
    `HTTP/1.1 101 X\r\n${SUBJECT_LINE}Connection: upgrade\r\nUpgrade: foo\r\n\r\n${HIDDEN_RESPONSE}`,
  ];
  yield ['nothing', '', 'GET', true];
  yield ['line ends before it', `\r\n\r\n${good}`];
  yield ['a bare LF before it', `\n${good}`];
  yield ['garbage', 'garbage\r\n\r\n', 'GET', true];
  yield ['garbage before it', `garbage${good}`, 'GET', true];
  yield ['only LFs', good.replaceAll('\r\n', '\n'), 'GET', true];
  yield ['only CRs', good.replaceAll('\r\n', '\r'), 'GET', true];
  for (let at = 1; at < good.length; at += 3)
    yield [`ends after ${String(at)} bytes`, good.slice(0, at), 'GET', true];
  const inChunks = response({
    lines: 'Transfer-Encoding: chunked\r\n',
    body: '5\r\nhello\r\n5\r\nworld\r\n0\r\nX-T: 1\r\n\r\n',
  });
  for (let at = 60; at < inChunks.length; at += 1) {
    yield [`chunks end after ${String(at)} bytes`, inChunks.slice(0, at), 'GET', true];
    yield [
      `chunks end after ${String(at)} bytes, to HTTP/1.0`,
      inChunks.slice(0, at),
      'GET',
      true,
      'HTTP/1.0',
    ];
  }
}

const FAMILIES: readonly (readonly [string, () => Iterable<Attempt>])[] = [
  ['statuses', statuses],
  ['framings', framings],
  ['chunks', chunks],
  ['fields', fields],
  ['sequences', sequences],
];

/** All responses that are tried, in an order that never changes. */
export function allResponseCases(): ResponseCase[] {
  const cases: ResponseCase[] = [];
  for (const [family, attempts] of FAMILIES) {
    for (const [what, bytes, method = 'GET', close = false, version = 'HTTP/1.1'] of attempts()) {
      cases.push({ index: cases.length, family, what, bytes, method, close, version });
    }
  }
  return cases;
}
