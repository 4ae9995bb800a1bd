import { describe, expect, it } from 'vitest';

import type { Head } from '../../../../../../plugins/http/h1/parse/head.ts';
import { statedVersion } from '../../../../../../plugins/http/h1/parse/request-faults.ts';

function head(text: string, target: string, major: number, minor: number): Head {
  const bytes = Buffer.from(text, 'latin1');
  const urlEnd = text.indexOf(target) + target.length;
  return {
    bytes,
    urlEnd,
    major,
    minor,
    saysHttp: (at: number) => text.startsWith('HTTP/', at),
  } as unknown as Head;
}

describe('the version that a request states', () => {
  it('is told where it is none that is served', () => {
    expect(statedVersion(head('GET /x HTTP/2.0\r\nHost: a\r\n\r\n', '/x', 2, 0))).toBe('HTTP/2.0');
    expect(statedVersion(head('GET /x HTTP/1.1\r\nHost: a\r\n\r\n', '/x', 1, 1))).toBe('');
  });

  it('is read at the very end of the memory that the head came in', () => {
    expect(statedVersion(head('SOURCE /x ICE/1.0\r\n\r\n', '/x', 1, 0))).toBe('ICE/1.0');
    expect(statedVersion(head('GET /x HTTP/3.0\n\n', '/x', 3, 0))).toBe('HTTP/3.0');
  });
});
