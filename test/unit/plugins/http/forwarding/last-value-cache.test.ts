import { describe, expect, it } from 'vitest';

import { HEAD } from '../../../../../plugins/http/h1/parse/message-reader.ts';
import { LastValueCache } from '../../../../../plugins/http/forwarding/last-value-cache.ts';
import { reader } from '../parsing.ts';

/** What it makes of Host in one request after the other, and the values that it looked at for that. */
function remembered(hosts: readonly string[]): { made: string[]; looked: string[] } {
  const looked: string[] = [];
  const value = new LastValueCache((text) => {
    looked.push(text);
    return `<${text}>`;
  });
  const made = hosts.map((host) => {
    const message = reader();
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'latin1');
    expect(message.feed(bytes, 0, bytes.length)).toBe(HEAD);
    const head = message.head!;
    message.finish();
    return value.of(head, head.hostField);
  });
  return { made, looked };
}

describe('the remembered value of a field', () => {
  it('is looked at once while requests repeat it', () => {
    expect(remembered(['a', 'a', 'a', 'a'])).toEqual({ made: ['<a>', '<a>', '<a>', '<a>'], looked: ['a'] });
  });

  it('is the new one when a request has another, of the same length too', () => {
    expect(remembered(['a', 'b', 'b', 'a', 'ab', 'a\u00e4', ''])).toEqual({
      made: ['<a>', '<b>', '<b>', '<a>', '<ab>', '<a\u00e4>', '<>'],
      looked: ['a', 'b', 'a', 'ab', 'a\u00e4', ''],
    });
  });
});
