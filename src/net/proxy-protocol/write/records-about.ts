import type { PeerCertificate, TlsSession, Transport } from '../../../plugin-api/index.ts';
import { SSL_CLIENT, SSL_FIXED_BYTES, TLV, TLV_HEAD_BYTES } from '../signatures.ts';

/** The parts of a subject such as `CN=client,O=Example`. A backslash takes its meaning from a comma, so a value can't pose as another part. */
const PARTS = /(?:\\.|[^,+\\])+/g;
const COMMON_NAME = /^ *CN=(.*)$/;
/** Escapes of characters with a meaning. Control characters, which are written as hex digits, stay escaped. */
const ESCAPED = /\\([^0-9A-Fa-f])/g;
const LONGEST_VALUE_BYTES = 4096;
const NOT_VERIFIED = 1;

/**
 * The records of version 2 about a client: the protocol and the host name that it asked for, its id, and its TLS connection. Where TLS did
 * not end here, what a header from a proxy in front told is passed on; but the host name in the ClientHello of a connection that is passed on
 * undecrypted precedes.
 */
export function recordsAbout({ tls, proxy, route }: Pick<Transport, 'tls' | 'proxy' | 'route'>): Buffer[] {
  if (tls === undefined && proxy === undefined && route === undefined) return [];
  const ssl = tls === undefined ? proxy?.tlvs.find(({ type }) => type === TLV.ssl)?.value : sslValue(tls);
  return [
    ...record(TLV.alpn, tls === undefined ? proxy?.alpn : tls.alpn),
    ...record(TLV.authority, tls?.sni ?? route?.sni ?? proxy?.authority),
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
  for (const [part] of subject.matchAll(PARTS)) {
    const name = COMMON_NAME.exec(part)?.[1];
    if (name !== undefined) return name.replace(ESCAPED, '$1');
  }
  return undefined;
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
