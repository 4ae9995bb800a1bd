import { crc32cWithZeros } from '../../src/net/proxy-protocol/crc32c.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** 192.0.2.7:54321 to 192.0.2.1:443. */
const V4_ENDS = Buffer.from('c0000207c0000201d43101bb', 'hex');

/** A header of version 2, written without the product's writer. */
export function headerV2(command: number, family: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([
    SIGNATURE,
    Buffer.from([command, family, body.length >> 8, body.length & 0xff]),
    body,
  ]);
}

/** A record of a header of version 2. */
export function tlv(type: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** A header from 192.0.2.7:54321 to 192.0.2.1:443 with a checksum in front of these records. */
export function withChecksum(records: readonly Buffer[]): Buffer {
  const header = headerV2(0x21, 0x11, V4_ENDS, tlv(0x03, Buffer.alloc(4)), ...records);
  const at = SIGNATURE.length + 4 + V4_ENDS.length + 3;
  header.writeUInt32BE(crc32cWithZeros(header, at), at);
  return header;
}
