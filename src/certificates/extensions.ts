import { isIP } from 'node:net';

import { bytesOf } from '../plugin-api/values/ip-address.ts';
import { bitString, booleanValue, objectId, sequence, tag, tagged } from './der.ts';

/** Whom a certificate is for: an authority, which issues certificates, or a server, a client, or a program that is both. */
export type CertificateUsage = 'authority' | 'server' | 'client' | 'server-and-client';

const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  names: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export interface ExtensionParts {
  readonly usage: CertificateUsage;
  readonly keyType: 'ecdsa' | 'rsa';
  /** Host names and IP addresses. */
  readonly names: readonly string[];
  /** Whether the certificate has a subject besides its names. */
  readonly hasSubject: boolean;
  readonly keyId: Buffer;
  readonly issuerKeyId: Buffer;
}

/** The extensions of a certificate (RFC 5280, section 4.2), as one value. */
export function extensions(parts: ExtensionParts): Buffer {
  const { usage, names } = parts;
  const isAuthority = usage === 'authority';
  const all = [
    extension(EXTENSION.basicConstraints, isAuthority ? sequence(booleanValue(true)) : sequence(), true),
    extension(EXTENSION.keyUsage, keyUsage(parts, isAuthority), true),
    extension(EXTENSION.subjectKeyId, tagged(tag.octetString, parts.keyId)),
    extension(EXTENSION.authorityKeyId, sequence(tagged(0x80, parts.issuerKeyId))),
  ];
  if (!isAuthority) all.push(extension(EXTENSION.extendedKeyUsage, extendedKeyUsage(usage)));
  if (names.length > 0)
    all.push(extension(EXTENSION.names, sequence(...names.map(generalName)), !parts.hasSubject));
  return tagged(0xa3, sequence(...all));
}

/** An extension; a reader that does not know a critical one must refuse the certificate. */
export function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [booleanValue(true)] : [];
  return sequence(objectId(id), ...critical, tagged(tag.octetString, value));
}

function keyUsage({ keyType }: ExtensionParts, isAuthority: boolean): Buffer {
  // Bits 5 and 6: sign certificates and revocation lists.
  if (isAuthority) return bitString(Buffer.from([0b0000_0110]), 1);
  // Bit 0: sign. Bit 2: encrypt keys, as cipher suites of TLS 1.2 without forward secrecy do with RSA.
  return keyType === 'rsa'
    ? bitString(Buffer.from([0b1010_0000]), 5)
    : bitString(Buffer.from([0b1000_0000]), 7);
}

function extendedKeyUsage(usage: CertificateUsage): Buffer {
  const ids = [...(usage === 'client' ? [] : [SERVER_AUTH]), ...(usage === 'server' ? [] : [CLIENT_AUTH])];
  return sequence(...ids.map(objectId));
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? tagged(0x82, Buffer.from(name)) : tagged(0x87, bytesOf(name));
}
