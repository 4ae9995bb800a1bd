import { describe, expect, it } from 'vitest';

import { readHeader } from '../../../../../src/net/proxy-protocol/read/header-reader.ts';
import type { ParsedHeader } from '../../../../../src/net/proxy-protocol/read/parsed-header.ts';
import { ReceivedHeader } from '../../../../../src/net/proxy-protocol/read/received-header.ts';
import { tlv, withChecksum } from '../../../../support/proxy-headers.ts';

const SENDER = { address: '10.0.0.9', port: 4000 };

function received(...records: readonly Buffer[]): ReceivedHeader {
  return new ReceivedHeader(readHeader(withChecksum(records)) as ParsedHeader, SENDER);
}

describe('the records of a header', () => {
  it('are texts, an id, and facts about TLS', () => {
    const ssl = Buffer.concat([
      Buffer.from([7, 0, 0, 0, 0]),
      tlv(0x21, 'TLSv1.3'),
      tlv(0x22, 'Zoë'),
      tlv(0x23, 'TLS_AES_128_GCM_SHA256'),
    ]);
    const header = received(
      tlv(0x01, 'h2'),
      tlv(0x02, 'example.com'),
      tlv(0x04, Buffer.alloc(3)),
      tlv(0x05, Buffer.from([1, 2, 3])),
      tlv(0x20, ssl),
      tlv(0x30, 'blue'),
    );
    expect(header).toMatchObject({
      version: 2,
      sender: SENDER,
      alpn: 'h2',
      authority: 'example.com',
      uniqueId: Buffer.from([1, 2, 3]),
      namespace: 'blue',
      ssl: {
        isTls: true,
        hasCertificate: true,
        verified: true,
        version: 'TLSv1.3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        commonName: 'Zoë',
      },
    });
    expect(header.tlvs.map(({ type }) => type)).toEqual([3, 1, 2, 5, 0x20, 0x30]);
  });

  it('may all be missing', () => {
    const { authority, alpn, uniqueId, namespace, ssl } = received();
    expect([authority, alpn, uniqueId, namespace, ssl]).toEqual(new Array(5).fill(undefined));
  });

  it('hold no certificate as verified that was not shown', () => {
    expect(received(tlv(0x20, Buffer.from([1, 0, 0, 0, 0]))).ssl).toMatchObject({
      isTls: true,
      verified: false,
    });
    expect(received(tlv(0x20, Buffer.from([3, 0, 0, 0, 1]))).ssl).toMatchObject({
      hasCertificate: true,
      verified: false,
    });
  });

  it('are no text when they could break a line', () => {
    expect(received(tlv(0x02, 'a\r\nb')).authority).toBeUndefined();
    expect(received(tlv(0x02, '')).authority).toBeUndefined();
  });

  it('are kept when the memory that they were read into is used again', () => {
    const bytes = withChecksum([tlv(0x02, 'example.com')]);
    const header = new ReceivedHeader(readHeader(bytes) as ParsedHeader, SENDER);
    bytes.fill(0);
    expect(header.authority).toBe('example.com');
  });
});
