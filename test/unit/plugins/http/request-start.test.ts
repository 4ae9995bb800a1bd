import { describe, expect, it } from 'vitest';

import { ParserSupply } from '../../../../plugins/http/llhttp.ts';
import { judgeStart } from '../../../../plugins/http/request-start.ts';

const methods = new ParserSupply().first.methods();
const judge = (text: string): string => judgeStart(Buffer.from(text, 'latin1'), methods);

describe('the start of what the parser refused', () => {
  it('knows the methods of the parser', () => {
    for (const method of ['GET', 'M-SEARCH', 'QUERY', 'GET_PARAMETER']) expect(methods).toContain(method);
    expect(methods.size).toBeGreaterThan(40);
  });

  it.each([
    ['NONSENSE / HTTP/1.1', 'unknown method'],
    ['get / HTTP/1.1', 'unknown method'],
    ['NON', 'unclear'],
    ['N'.repeat(63), 'unclear'],
    ['N'.repeat(64), 'unknown method'],
    ['GET /\x01', 'malformed'],
    [' GET', 'malformed'],
    ['N\r', 'malformed'],
    ['', 'malformed'],
    ['HTTP/1.1 200', 'malformed'],
  ])('%j: %s', (text, verdict) => {
    expect(judge(text)).toBe(verdict);
  });
});
