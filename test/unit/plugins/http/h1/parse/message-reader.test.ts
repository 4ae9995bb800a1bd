import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RESPONSE } from '../../../../../../plugins/http/h1/llhttp/llhttp.ts';
import { REQUEST_RULES } from '../../../../../../plugins/http/forwarding/request-fields.ts';
import { requestDraft } from '../../../../../../plugins/http/h1/write/request-head.ts';
import {
  INVALID,
  MORE,
  TOO_LARGE,
  type MessageReader,
} from '../../../../../../plugins/http/h1/parse/message-reader.ts';
import { readChunked, reader, readInPieces } from '../../parsing.ts';

const TOKEN = fc
  .stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/)
  .filter(
    (name) =>
      !/^(content-length|transfer-encoding|connection|host|upgrade|te|trailer|keep-alive|proxy-connection|x-.*)$/i.test(
        name,
      ),
  );
const VALUE = fc.stringMatching(/^([!-~\x80-\xff]([ \t!-~\x80-\xff]{0,30}[!-~\x80-\xff])?)?$/);
const PADDING = fc.constantFrom('', ' ', '  ', '\t');
const TARGET = fc.stringMatching(/^\/[!-~]{0,40}$/).filter((target) => !target.includes('#'));
const FIELDS = fc.array(fc.tuple(TOKEN, VALUE, PADDING, PADDING), { maxLength: 30 });
const CUTS = fc.array(fc.nat(2_000), { maxLength: 20 });

type Field = readonly [name: string, value: string, before: string, after: string];

function headText(target: string, fields: readonly Field[]): string {
  // What follows a colon and is only white space is an empty value.
  const lines = fields.map(
    ([name, value, before, after]) => `${name}:${before}${value}${value === '' ? '' : after}\r\n`,
  );
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n`;
}

describe('a head', () => {
  it('is the same wherever it is cut', () => {
    fc.assert(
      fc.property(
        TARGET,
        FIELDS,
        CUTS,
        fc.constantFrom('', 'rest', '\r\nGET / HTTP/1.1\r\n'),
        (target, fields, cuts, rest) => {
          const text = headText(target, fields);
          const whole = readInPieces(text + rest, []);
          expect(whole.outcome).toBe('head');
          expect(whole.consumed).toBe(text.length);
          expect(readInPieces(text + rest, cuts)).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps names, values and order, and each line without its line break', () => {
    fc.assert(
      fc.property(TARGET, FIELDS, CUTS, (target, fields, cuts) => {
        const read = readInPieces(headText(target, fields), cuts);
        expect(read.target).toBe(target);
        expect(read.fields.slice(1)).toEqual(fields.map(([name, value]) => [name, value]));
        for (const line of read.lines) expect(line).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 300 },
    );
  });

  it('that is forwarded and read again is the same', () => {
    fc.assert(
      fc.property(
        TARGET,
        FIELDS,
        fc.subarray(['TE: x', 'X-Forwarded-For: 1.2.3.4', 'Keep-Alive: 5', 'X-Request-ID:'] as const),
        fc.nat(),
        (target, fields, dropped, seed) => {
          const lines = headText(target, fields).split('\r\n');
          // Lines that are dropped lie anywhere between those that pass.
          for (const [i, line] of dropped.entries())
            lines.splice(1 + ((seed + i * 7) % (lines.length - 2)), 0, line);
          const message = reader();
          const bytes = Buffer.from(lines.join('\r\n'), 'latin1');
          message.feed(bytes, 0, bytes.length);
          const edits = {
            target: undefined,
            host: undefined,
            rules: REQUEST_RULES[0]!,
            upgrade: '',
            isBodySent: false,
          };
          const forwarded = `${requestDraft(message.head!, edits, '')}\r\n\r\n`;
          message.finish();
          const again = readInPieces(forwarded, []);
          expect(again.outcome).toBe('head');
          expect(again.consumed).toBe(forwarded.length);
          expect(again.target).toBe(target);
          expect(again.fields).toEqual([['Host', 'a'], ...fields.map(([name, value]) => [name, value])]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('cut at each byte is the same, requests and responses', () => {
    const request =
      'POST /a?b HTTP/1.1\r\nHost: a\r\nEmpty:\r\nBlank: \t \r\nX: 1 2 \r\nContent-Length: 3\r\n\r\nabc';
    const response = 'HTTP/1.1 200 All is well\r\nA:\r\nB: \r\nContent-Length: 3\r\nC: d \r\n\r\nabc';
    for (const [text, kind] of [
      [request, 1],
      [response, RESPONSE],
    ] as const) {
      const whole = readInPieces(text, [], kind);
      expect(whole.consumed).toBe(text.length - 3);
      expect(
        readInPieces(
          text,
          Array.from({ length: text.length }, (_, at) => at),
          kind,
        ),
      ).toEqual(whole);
      for (let at = 1; at < text.length; at++) expect(readInPieces(text, [at], kind)).toEqual(whole);
    }
  });
});

describe('a chunked body', () => {
  it('and its trailers are the same wherever it is cut', () => {
    const chunk = fc.stringMatching(/^[ -~\x80-\xff]{1,50}$/);
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        fc.array(fc.tuple(TOKEN, VALUE), { maxLength: 4 }),
        CUTS,
        (chunks, trailers, cuts) => {
          const body = chunks.map((text) => `${text.length.toString(16)};x=y\r\n${text}\r\n`).join('');
          const lines = trailers.map(([name, value]) => `${name}:${value}\r\n`).join('');
          const text = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n${lines}\r\n`;
          expect(readChunked(`${text}rest`, cuts)).toEqual({
            body: chunks.join(''),
            trailers: trailers.map(([name, value]) => `${name}:${value}`),
            consumed: text.length,
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('bytes of any kind', () => {
  it('never make a reader throw, and it reads on after them', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(
          'GET / HTTP/1.1\r\n',
          'Host: a\r\n',
          '\r\n',
          'X:',
          'HTTP/1.1 200 OK\r\n',
          'Transfer-Encoding: chunked\r\n',
          '5\r\n',
        ),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(pieces, fc.constantFrom(1 as const, RESPONSE), (parts, kind) => {
        const message = reader(kind);
        for (const part of parts) {
          const bytes = typeof part === 'string' ? Buffer.from(part) : Buffer.from(part);
          if (bytes.length === 0) continue;
          const progress = message.feed(bytes, 0, bytes.length);
          expect(message.position).toBeLessThanOrEqual(bytes.length);
          if (progress !== MORE) break;
        }
        message.finish();
        expect(message.busy).toBe(false);
        expect(readInPieces('GET / HTTP/1.1\r\nHost: a\r\n\r\n', []).outcome).toBe('head');
      }),
      { numRuns: 500 },
    );
  });
});

describe('limits', () => {
  const text = 'GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n';
  const outcome = (message: MessageReader, cut: number): number => {
    const bytes = Buffer.from(text);
    const first = message.feed(bytes, 0, cut);
    const last = first === MORE ? message.feed(bytes, cut, bytes.length) : first;
    message.finish();
    return last;
  };

  it('of size count the whole head, however it comes', () => {
    for (let cut = 1; cut <= text.length; cut++) {
      expect(outcome(reader(1, text.length), cut)).not.toBe(TOO_LARGE);
      expect(outcome(reader(1, text.length - 1), cut)).toBe(TOO_LARGE);
    }
  });

  it('of fields count each line, however it comes', () => {
    for (let cut = 1; cut <= text.length; cut++) {
      expect(outcome(reader(1, 1_000, 2), cut)).not.toBe(TOO_LARGE);
      expect(outcome(reader(1, 1_000, 1), cut)).toBe(TOO_LARGE);
    }
  });
});

it('a reader holds a parser only while a message is incomplete', () => {
  const message = reader();
  expect(message.busy).toBe(false);
  message.feed(Buffer.from('GET '), 0, 4);
  expect(message.busy).toBe(true);
  message.finish();
  expect(message.busy).toBe(false);
  const bad = Buffer.from('nonsense\r\n\r\n');
  expect(message.feed(bad, 0, bad.length)).toBe(INVALID);
  expect(message.fault.reason).not.toBe('');
  message.finish();
});

it.each([
  [
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
    'content_length',
    'Content-Length is not one number',
  ],
  [
    'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n',
    'two_lengths',
    'the head has both Content-Length and Transfer-Encoding',
  ],
  ['GET / HTTP/1.1\r\na@b: 1\r\n\r\n', 'field_name', 'a field name is malformed'],
  ['GET / HTTP/1.1\r\na: \x01\r\n\r\n', 'field_value', 'a field value holds a control byte'],
  ['\x16\x03\x01\x02\x00\x01', 'tls', 'the bytes are a TLS handshake'],
])('says in plain words what is wrong with %j', (text, rule, reason) => {
  const message = reader();
  const bytes = Buffer.from(text, 'latin1');
  expect(message.feed(bytes, 0, bytes.length)).toBe(INVALID);
  expect(message.fault).toMatchObject({ rule, reason });
  message.finish();
});

it('several readers may be in the middle of their messages at the same time', () => {
  const readers = Array.from({ length: 10 }, () => reader());
  const texts = readers.map(
    (_, i) => `GET /${i} HTTP/1.1\r\nHost: h${i}\r\nX-${i}: ${'v'.repeat(i + 1)}\r\n\r\n`,
  );
  const heads: string[] = [];
  for (let at = 0; heads.length < readers.length; at++) {
    for (const [i, each] of readers.entries()) {
      const bytes = Buffer.from(texts[i]!);
      if (at >= bytes.length) continue;
      if (each.feed(bytes, at, at + 1) === MORE) continue;
      heads[i] = Array.from({ length: each.head!.fields }, (_, field) => each.head!.lineText(field)).join(
        '|',
      );
      each.finish();
    }
  }
  expect(heads).toEqual(readers.map((_, i) => `Host: h${i}|X-${i}: ${'v'.repeat(i + 1)}`));
});
