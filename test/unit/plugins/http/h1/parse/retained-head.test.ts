import { describe, expect, it } from 'vitest';

import { X_FORWARDED_FOR } from '../../../../../../plugins/http/message/field-names.ts';
import { HEAD } from '../../../../../../plugins/http/h1/parse/message-reader.ts';
import { reader } from '../../parsing.ts';

const FIRST =
  '\r\nPOST /a?b=1 HTTP/1.1\r\nHost: first.test\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 5\r\n\r\n';
const SECOND = `GET /${'x'.repeat(300)} HTTP/1.0\r\nAccept: other\r\n\r\n`;

describe('a head that is retained', () => {
  it('stays as it is when the memory holds another message', () => {
    const message = reader();
    const bytes = Buffer.alloc(1024);
    bytes.write(FIRST, 7, 'latin1');
    // Line breaks before a request are not the reader's.
    expect(message.feed(bytes, 9, 7 + FIRST.length)).toBe(HEAD);
    const kept = message.head!.retain();
    message.finish();
    bytes.write(SECOND, 0, 'latin1');
    expect(message.feed(bytes, 0, SECOND.length)).toBe(HEAD);
    expect(message.head!.target).toBe(`/${'x'.repeat(300)}`);
    expect([kept.method, kept.target, kept.minor, kept.hosts]).toEqual(['POST', '/a?b=1', 1, 1]);
    expect(kept.bytes.latin1Slice(kept.lineStart, kept.lineEnd)).toBe('POST /a?b=1 HTTP/1.1');
    expect(kept.valueOf('host')).toBe('first.test');
    expect(kept.joined(X_FORWARDED_FOR)).toBe('192.0.2.1');
    expect(kept.isHopByHop(kept.find('x-hop'))).toBe(true);
    expect(kept.bodyLength).toBe(5);
    expect(kept.lineText(kept.fields - 1)).toBe('Content-Length: 5');
  });

  it('may have no fields', () => {
    const message = reader();
    const bytes = Buffer.from('GET / HTTP/1.0\r\n\r\n');
    expect(message.feed(bytes, 0, bytes.length)).toBe(HEAD);
    const kept = message.head!.retain();
    bytes.fill(0);
    expect([kept.method, kept.target, kept.fields]).toEqual(['GET', '/', 0]);
  });
});
