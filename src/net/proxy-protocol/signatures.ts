/** What each header of version 1 begins with. */
export const SIGNATURE_V1 = Buffer.from('PROXY ', 'latin1');

/** What each header of version 2 begins with. No text protocol begins so. */
export const SIGNATURE_V2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** Types of the records of version 2. Source: proxy-protocol.txt, section 2.2. */
export const TLV = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  padding: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCommonName: 0x22,
  sslCipher: 0x23,
  namespace: 0x30,
} as const;

/** Bits in the first byte of the record about TLS. */
export const SSL_CLIENT = { tls: 0x01, certificateNow: 0x02, certificateInSession: 0x04 } as const;

/** Bytes of the record about TLS before the records in it: the bits of the client, and the result of the verification. */
export const SSL_FIXED_BYTES = 5;

/** Bytes of a record before its value: type and length. */
export const TLV_HEAD_BYTES = 3;

/** Bytes of a header of version 2 before the addresses: signature, version and command, family, length. */
export const FIXED_BYTES_V2 = 16;
