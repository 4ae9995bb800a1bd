import { describe, expect, it } from 'vitest';

import { allCases } from '../differential/cases/all-cases.ts';
import { judgeAgreement } from '../differential/judge-agreement.ts';
import { judgeForwarded } from '../differential/judge-forwarded.ts';
import { judgeRelay, judgeResponse } from '../differential/judge-response.ts';
import type { ResponseCase } from '../differential/cases/response-cases.ts';

const HOST = 'Host: a\r\n';
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';

function dangersIn(bytes: string, closed = false): string[] {
  return judgeForwarded([{ bytes, closed }])
    .filter(({ level }) => level === 'dangerous')
    .map(({ rule }) => rule);
}

describe('the judge of forwarded requests', () => {
  it.each([
    ['no body', `GET /a?b HTTP/1.1\r\n${HOST}X: 1\r\n\r\n`],
    ['a length', `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
    [
      'chunks and a trailer',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n\r\n`,
    ],
    ['two requests', `GET / HTTP/1.1\r\n${HOST}\r\n${HIDDEN}`],
    ['requests in a body', `POST / HTTP/1.1\r\n${HOST}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`],
  ])('has nothing against %s', (_what, bytes) => {
    expect(dangersIn(bytes)).toEqual([]);
  });

  it.each([
    [
      'two framings',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'sees another body',
    ],
    [
      'two lengths',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello`,
      'the first length|several',
    ],
    [
      'a length that C reads in base 8',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 010\r\n\r\n0123456789`,
      'as in C',
    ],
    [
      'another coding',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      'another coding',
    ],
    ['a bare CR', `GET / HTTP/1.1\r\n${HOST}X: 1\rContent-Length: 5\r\n\r\n`, 'control byte'],
    ['a bare LF', `GET / HTTP/1.1\r\n${HOST}X: 1\nContent-Length: 5\r\n\r\n`, 'control byte'],
    ['NUL', `GET / HTTP/1.1\r\n${HOST}X: 1\0\r\n\r\n`, 'control byte'],
    ['a blank before a colon', `GET / HTTP/1.1\r\n${HOST}Content-Length : 0\r\n\r\n`, 'no token'],
    ['a folded line', `GET / HTTP/1.1\r\n${HOST}X: 1\r\n Content-Length: 5\r\n\r\n`, 'folded'],
    [
      'a chunk extension that ends at LF',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0;a\n\r\n\r\n`,
      'extension',
    ],
    ['two Hosts', `GET / HTTP/1.1\r\n${HOST}Host: b\r\n\r\n`, 'several Hosts'],
    ['another protocol', `GET / RTSP/1.1\r\n${HOST}\r\n`, 'unknown version'],
    ['h2c', `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`, 'HTTP/2'],
    [
      'a request left half done',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhel`,
      'left in the middle',
    ],
  ])('condemns %s', (_what, bytes, rule) => {
    expect(dangersIn(bytes).join('\n')).toMatch(new RegExp(rule));
  });

  it('allows a request that was broken off with its connection', () => {
    expect(dangersIn(`POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhel`, true)).toEqual([]);
  });
});

describe('the judge of agreement', () => {
  const asked = `POST /a HTTP/1.1\r\n${HOST}X: 1\r\nContent-Length: 5\r\n\r\nhello`;
  const judged = (bytes: string, answers = 1): string[] =>
    judgeAgreement(asked, {
      bytes: '',
      ending: 'closed',
      answers,
      forwarded: [{ bytes, closed: false }],
    }).map(({ rule }) => rule);

  it('has nothing against the same request with the fields of a proxy', () => {
    expect(judged(asked.replace('X: 1', 'X: 1\r\nVia: 1.1 p\r\nX-Request-ID: 1'))).toEqual([]);
  });

  it.each([
    ['method', asked.replace('POST', 'GET')],
    ['target', asked.replace('/a', '/b')],
    ['Host', asked.replace('Host: a', 'Host: b')],
    ['fields', asked.replace('X: 1', 'X: 2')],
    ['body', asked.replace('hello', 'hullo')],
    ['nobody asked', asked + HIDDEN],
  ])('says what differs: %s', (what, bytes) => {
    expect(judged(bytes, what === 'nobody asked' ? 2 : 1)[0]).toContain(what);
  });

  it('notices a request without answer, and an answer without request', () => {
    expect(judged(asked, 0)).toEqual(['forwarded and answered differ']);
    expect(judged('', 1)).toEqual(['forwarded and answered differ']);
  });
});

describe('the judges of responses', () => {
  const sound = 'HTTP/1.1 200 OK\r\nX-Subject: 1\r\nContent-Length: 5\r\n\r\nhello';
  const judged = (
    sent: string,
    got: string,
    ending: 'closed' | 'reset' = 'closed',
    close = true,
  ): string[] => {
    const attempt: ResponseCase = {
      index: 0,
      family: '',
      what: '',
      method: 'GET',
      version: 'HTTP/1.1',
      bytes: sent,
      close,
    };
    const received = { bytes: got, ending };
    return [...judgeResponse(attempt, received), ...judgeRelay(attempt, received)].map(({ rule }) => rule);
  };

  it('have nothing against a response as it was sent, or against an abort', () => {
    expect(judged(sound, sound)).toEqual([]);
    expect(judged(sound.slice(0, -1), sound.slice(0, -1), 'reset')).toEqual([]);
  });

  it('notice a truncated response that ends politely, another body, and a response that hid', () => {
    const open = 'HTTP/1.1 200 OK\r\nX-Subject: 1\r\n\r\nhell';
    expect(judged(sound.slice(0, -1), open)).toEqual(['passed on otherwise: it was not whole']);
    expect(judged(sound, sound.replace('hello', 'hullo'))).toEqual(['passed on otherwise: body']);
    const hidden = 'HTTP/1.1 200 OK\r\nX-Hidden: 1\r\nContent-Length: 0\r\n\r\n';
    expect(judged(sound + hidden, sound + hidden)).toContain('a hidden response is an answer');
  });

  it('notice framing that clients read in different ways', () => {
    const both = sound.replace('\r\n\r\nhello', '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    expect(judged(sound, both).length).toBeGreaterThan(0);
  });
});

describe('the cases', () => {
  it('are the same ones each time, each with its index, no two alike', () => {
    const cases = allCases();
    expect(cases).toEqual(allCases());
    expect(cases.map(({ index }) => index)).toEqual(cases.map((_, at) => at));
    expect(new Set(cases.map(({ bytes }) => bytes)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThan(3_000);
  });
});
