import { describe, expect, it } from 'vitest';

import { HeaderReader, readHeader } from '../../../../../src/net/proxy-protocol/read/header-reader.ts';
import { HeaderFault, type HeaderOutcome } from '../../../../../src/net/proxy-protocol/read/parsed-header.ts';
import { headerV2, tlv, withChecksum } from '../../../../support/proxy-headers.ts';

const V4 = Buffer.from('c0000207c0000201d43101bb', 'hex');
const V6 = Buffer.from(`20010db8${'00'.repeat(11)}0720010db8${'00'.repeat(11)}01d43101bb`, 'hex');

function v1(line: string): Buffer {
  return Buffer.from(`${line}\r\n`, 'latin1');
}

function fault(bytes: Buffer): string {
  const outcome = readHeader(bytes);
  if (!(outcome instanceof HeaderFault)) throw new Error('there is no fault');
  return `${outcome.reason}: ${outcome.detail}`;
}

const good: readonly (readonly [name: string, header: Buffer, expected: object])[] = [
  [
    'IPv4 as text',
    v1('PROXY TCP4 192.0.2.7 192.0.2.1 54321 443'),
    {
      version: 1,
      source: { address: '192.0.2.7', port: 54321 },
      destination: { address: '192.0.2.1', port: 443 },
    },
  ],
  [
    'IPv6 as text, in another spelling',
    v1('PROXY TCP6 2001:DB8:0:0:0:0:0:7 2001:db8::1 0 65535'),
    { source: { address: '2001:db8::7', port: 0 }, destination: { address: '2001:db8::1', port: 65535 } },
  ],
  [
    'IPv4 addresses that IPv6 maps',
    v1('PROXY TCP6 ::ffff:192.0.2.7 ::ffff:c000:201 1 2'),
    { source: { address: '192.0.2.7', port: 1 }, destination: { address: '192.0.2.1', port: 2 } },
  ],
  [
    'the longest line',
    v1(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}fffe 65535 65535`),
    { source: { address: `${'ffff:'.repeat(7)}ffff`, port: 65535 } },
  ],
  ['an unknown client', v1('PROXY UNKNOWN'), { version: 1, isLocal: false, source: undefined }],
  ['an unknown client with text behind it', v1('PROXY UNKNOWN ffff::1 anything 1'), { source: undefined }],
  [
    'IPv4 in bytes',
    headerV2(0x21, 0x11, V4),
    {
      version: 2,
      source: { address: '192.0.2.7', port: 54321 },
      destination: { address: '192.0.2.1', port: 443 },
    },
  ],
  [
    'IPv6 in bytes',
    headerV2(0x21, 0x21, V6),
    { source: { address: '2001:db8::7', port: 54321 }, destination: { address: '2001:db8::1', port: 443 } },
  ],
  [
    'unix sockets',
    headerV2(0x21, 0x31, Buffer.alloc(216)),
    { source: { address: 'unix', port: 0 }, destination: { address: 'unix', port: 0 } },
  ],
  ['the sender itself', headerV2(0x20, 0x00), { version: 2, isLocal: true, source: undefined }],
  [
    'the sender itself, with what is to be ignored',
    headerV2(0x20, 0xff, Buffer.alloc(77, 9)),
    { isLocal: true },
  ],
  ['no family', headerV2(0x21, 0x00, Buffer.alloc(30, 9)), { isLocal: false, source: undefined }],
  ['a family without a transport', headerV2(0x21, 0x10, V4), { source: undefined }],
  [
    'records with a checksum and padding',
    withChecksum([tlv(0x04, Buffer.alloc(9)), tlv(0x05, 'id'), tlv(0xea, Buffer.from([1]))]),
    { source: { address: '192.0.2.7', port: 54321 } },
  ],
  [
    'a record about TLS',
    headerV2(0x21, 0x11, V4, tlv(0x20, Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), tlv(0x21, 'TLSv1.3')]))),
    { source: { address: '192.0.2.7', port: 54321 } },
  ],
];

const cutOff = headerV2(0x21, 0x11, V4, Buffer.from([0x05, 0, 9, 1]));
const badChecksum = withChecksum([tlv(0x05, 'id')]);
badChecksum[badChecksum.length - 1] = (badChecksum.at(-1) ?? 0) ^ 1;

const bad: readonly (readonly [name: string, header: Buffer, fault: RegExp])[] = [
  ['a request', Buffer.from('GET / HTTP/1.1\r\n'), /^missing/],
  ['a TLS handshake', Buffer.from([0x16, 3, 1]), /^missing/],
  ['another word with a P', Buffer.from('PUT'), /^missing/],
  ['lower case', Buffer.from('Proxy TCP4 '), /^missing/],
  ['two line feeds', Buffer.from('\r\n\r\nGET'), /^missing/],
  ['an octet above 255', v1('PROXY TCP4 999.1.1.1 192.0.2.1 1 2'), /^malformed: .* two TCP4 addresses/],
  ['a leading zero in an octet', v1('PROXY TCP4 192.0.2.07 192.0.2.1 1 2'), /^malformed/],
  ['three octets', v1('PROXY TCP4 192.0.2 192.0.2.1 1 2'), /^malformed/],
  ['a hexadecimal octet', v1('PROXY TCP4 0x7f.0.0.1 192.0.2.1 1 2'), /^malformed/],
  ['IPv6 in place of IPv4', v1('PROXY TCP4 2001:db8::1 192.0.2.1 1 2'), /^malformed/],
  ['IPv4 in place of IPv6', v1('PROXY TCP6 192.0.2.7 2001:db8::1 1 2'), /^malformed/],
  ['a zone', v1('PROXY TCP6 fe80::1%eth0 fe80::2 1 2'), /^malformed/],
  ['two double colons', v1('PROXY TCP6 2001::db8::1 fe80::2 1 2'), /^malformed/],
  ['brackets', v1('PROXY TCP6 [2001:db8::1] fe80::2 1 2'), /^malformed/],
  ['a port above 65535', v1('PROXY TCP4 192.0.2.7 192.0.2.1 65536 2'), /^malformed/],
  ['a port with a leading zero', v1('PROXY TCP4 192.0.2.7 192.0.2.1 01 2'), /^malformed/],
  ['a port with a sign', v1('PROXY TCP4 192.0.2.7 192.0.2.1 +1 2'), /^malformed/],
  ['no port', v1('PROXY TCP4 192.0.2.7 192.0.2.1 1'), /^malformed/],
  ['a word too many', v1('PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3'), /^malformed/],
  ['two blanks', v1('PROXY TCP4  192.0.2.7 192.0.2.1 1 2'), /^malformed/],
  ['a blank at the end', v1('PROXY TCP4 192.0.2.7 192.0.2.1 1 2 '), /^malformed/],
  ['a tab', v1('PROXY TCP4\t192.0.2.7 192.0.2.1 1 2'), /^malformed: .* no text/],
  ['a zero byte', v1('PROXY UNKNOWN \0'), /^malformed: .* no text/],
  ['a byte beyond ASCII', v1('PROXY UNKNOWN \xff'), /^malformed: .* no text/],
  ['a line feed alone', Buffer.from('PROXY UNKNOWN\n'), /^malformed: .* no text/],
  ['a carriage return alone', Buffer.from('PROXY UNKNOWN\rX'), /^malformed: .* CRLF/],
  ['another protocol', v1('PROXY UDP4 192.0.2.7 192.0.2.1 1 2'), /^malformed: its protocol/],
  ['a word that begins as UNKNOWN', v1('PROXY UNKNOWNS'), /^malformed/],
  ['a line without an end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`), /^malformed: .* longer than 107/],
  ['another version', headerV2(0x31, 0x11, V4), /^malformed: its version/],
  ['another command', headerV2(0x22, 0x11, V4), /^malformed: its command/],
  ['another family', headerV2(0x21, 0x41, V4), /^malformed: .* family is unknown/],
  ['another transport', headerV2(0x21, 0x13, V4), /^malformed: .* family is unknown/],
  ['datagrams', headerV2(0x21, 0x12, V4), /^malformed: .* datagrams/],
  ['too few bytes for IPv4', headerV2(0x21, 0x11, V4.subarray(1)), /^malformed: .* two IPv4 addresses/],
  ['too few bytes for IPv6', headerV2(0x21, 0x21, V4), /^malformed: .* two IPv6 addresses/],
  ['too few bytes for unix sockets', headerV2(0x21, 0x31, V6), /^malformed: .* two unix addresses/],
  ['more than 4 KiB', headerV2(0x21, 0x11, V4, tlv(0x04, Buffer.alloc(4096))).subarray(0, 16), /^too_large/],
  ['a record that is cut off', cutOff, /^malformed: its length ends within a record/],
  [
    'the head of a record that is cut off',
    headerV2(0x21, 0x11, V4, Buffer.from([5, 0])),
    /^malformed: its length/,
  ],
  ['a wrong checksum', badChecksum, /^checksum/],
  ['a short checksum', headerV2(0x21, 0x11, V4, tlv(0x03, Buffer.alloc(3))), /^malformed: .* four bytes/],
  ['two checksums', withChecksum([tlv(0x03, Buffer.alloc(4))]), /^malformed: it has two checksums/],
  [
    'a unique id of 129 bytes',
    headerV2(0x21, 0x11, V4, tlv(0x05, Buffer.alloc(129))),
    /^malformed: its unique id/,
  ],
  [
    'a short record about TLS',
    headerV2(0x21, 0x11, V4, tlv(0x20, Buffer.alloc(4))),
    /^malformed: .* too short/,
  ],
  [
    'a record about TLS with a record that is cut off',
    headerV2(0x21, 0x11, V4, tlv(0x20, Buffer.from([1, 0, 0, 0, 0, 0x21, 0, 9, 1]))),
    /^malformed: its record about TLS ends/,
  ],
];

describe('a header', () => {
  it.each(good)('may hold %s', (_name, header, expected) => {
    expect(readHeader(header)).toMatchObject({ ...expected, sizeBytes: header.length });
  });

  it.each(good)('may hold %s, and needs each of its bytes', (_name, header) => {
    for (let size = 0; size < header.length; size += 1)
      expect(readHeader(header.subarray(0, size)), `of ${size} bytes`).toBeUndefined();
  });

  it.each(good)('may hold %s, split anywhere, and leaves what follows', (_name, header, expected) => {
    const stream = Buffer.concat([header, Buffer.from('PROXY and more')]);
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const { reader, outcome } = readIn([stream.subarray(0, cut), stream.subarray(cut)]);
      expect(outcome).toMatchObject(expected);
      expect('PROXY and more'.startsWith(reader.bytes.subarray(header.length).toString())).toBe(true);
    }
    const single = readIn(Array.from(stream, (byte) => Buffer.from([byte])));
    expect(single.reader.bytes).toEqual(header);
  });

  it.each(bad)('must not be %s', (_name, header, expected) => {
    expect(fault(header)).toMatch(expected);
  });

  it.each(bad)('must not be %s, whichever way it arrives', (_name, header) => {
    const whole = fault(header);
    for (let cut = 1; cut < header.length; cut += 1) {
      const { outcome } = readIn([header.subarray(0, cut), header.subarray(cut)]);
      expect(outcome).toBeInstanceOf(HeaderFault);
      const { reason } = outcome as HeaderFault;
      expect(whole.startsWith(reason), `cut after ${cut} bytes: ${reason}`).toBe(true);
    }
  });
});

/** Feeds pieces until there is an outcome. */
function readIn(pieces: readonly Buffer[]): { reader: HeaderReader; outcome: HeaderOutcome } {
  const reader = new HeaderReader();
  for (const piece of pieces) {
    const outcome = reader.add(piece, 0, piece.length);
    if (outcome !== undefined) return { reader, outcome };
  }
  return { reader, outcome: undefined };
}
