import type { PeerCertificate, TlsSession, Transport } from '../../../plugin-api/index.ts';
import { SSL_CLIENT, SSL_FIXED_BYTES, TLV, TLV_HEAD_BYTES } from '../signatures.ts';

/** The common name in a subject such as `CN=client,O=Example`; a backslash takes its meaning from a comma. */
const COMMON_NAME = /(?:^|[,+]) *CN=((?:\\.|[^,+\\])*)/;
const LONGEST_VALUE_BYTES = 4096;
const NOT_VERIFIED = 1;

/**
 * The records of version 2 about a client: the protocol and the host name that it asked for, its id, and its TLS connection. Where TLS did
 * not end here, what a header from a proxy in front told is passed on.
 */
export function recordsAbout({ tls, proxy }: Pick<Transport, 'tls' | 'proxy'>): Buffer[] {
  if (tls === undefined && proxy === undefined) return [];
  const ssl = tls === undefined ? proxy?.tlvs.find(({ type }) => type === TLV.ssl)?.value : sslValue(tls);
  return [
    ...record(TLV.alpn, tls === undefined ? proxy?.alpn : tls.alpn),
    ...record(TLV.authority, tls?.sni ?? proxy?.authority),
    ...record(TLV.uniqueId, proxy?.uniqueId),
    ...record(TLV.ssl, ssl),
  ];
}

function sslValue({ version, cipher, certificate, resumed }: TlsSession): Buffer {
  const fixed = Buffer.alloc(SSL_FIXED_BYTES);
  fixed[0] = SSL_CLIENT.tls | (certificate === undefined ? 0 : certificateBits(resumed));
  fixed.writeUInt32BE(certificate?.verified === true ? 0 : NOT_VERIFIED, 1);
  return Buffer.concat([
    fixed,
    ...record(TLV.sslVersion, version),
    ...record(TLV.sslCommonName, certificate && commonNameOf(certificate)),
    ...record(TLV.sslCipher, cipher),
  ]);
}

function certificateBits(resumed: boolean): number {
  return SSL_CLIENT.certificateInSession | (resumed ? 0 : SSL_CLIENT.certificateNow);
}

function commonNameOf({ subject }: PeerCertificate): string | undefined {
  return COMMON_NAME.exec(subject)?.[1]?.replace(/\\(.)/g, '$1');
}

/** No record when there is no value, or one that no receiver would take. */
function record(type: number, value: string | Buffer | undefined): Buffer[] {
  if (value === undefined || value.length === 0) return [];
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (bytes.length > LONGEST_VALUE_BYTES) return [];
  const head = Buffer.alloc(TLV_HEAD_BYTES);
  head[0] = type;
  head.writeUInt16BE(bytes.length, 1);
  return [head, bytes];
}
