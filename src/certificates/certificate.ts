import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';

import { bitString, derValues, objectId, sequence, smallInteger, tag, tagged, time } from './der.ts';
import { extensions, type CertificateUsage } from './extensions.ts';

/** Whose signature a certificate has. */
export interface Issuer {
  /** Its name as it stands in its own certificate (DER). */
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly keyId: Buffer;
}

export interface CertificateParts {
  /** The common name; '' for none, where the names say enough. */
  readonly subject: string;
  readonly publicKey: KeyObject;
  /** Host names and IP addresses. */
  readonly names: readonly string[];
  readonly usage: CertificateUsage;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const VERSION_3 = 2;

/** A certificate of version 3 (RFC 5280, section 4.1), in PEM. */
export function certificate(parts: CertificateParts, issuer: Issuer): string {
  const { subject, publicKey, usage, names, notBefore, notAfter } = parts;
  const body = sequence(
    tagged(0xa0, smallInteger(VERSION_3)),
    serialNumber(),
    signatureAlgorithm(issuer.key),
    issuer.name,
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions({
      usage,
      names,
      keyType: publicKey.asymmetricKeyType === 'rsa' ? 'rsa' : 'ecdsa',
      hasSubject: subject !== '',
      keyId: keyIdOf(publicKey),
      issuerKeyId: issuer.keyId,
    }),
  );
  return pem('CERTIFICATE', signed(body, issuer.key));
}

/** What is signed, followed by its signature with SHA-256. */
export function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, signatureAlgorithm(key), bitString(sign('sha256', body, key)));
}

/** How {@link signed} signs: with ECDSA or RSA (RFC 5758, RFC 4055). */
export function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(objectId('1.2.840.113549.1.1.11'), tagged(tag.null, Buffer.alloc(0)))
    : sequence(objectId('1.2.840.10045.4.3.2'));
}

/** A name that consists of a common name alone. */
export function nameOf(commonName: string): Buffer {
  if (commonName === '') return sequence();
  const pair = sequence(objectId('2.5.4.3'), tagged(tag.utf8, Buffer.from(commonName)));
  return sequence(tagged(tag.set, pair));
}

/** The identifier of a key: the SHA-1 of its bits (RFC 5280, section 4.2.1.2). It finds certificates, and protects nothing. */
export function keyIdOf(publicKey: KeyObject): Buffer {
  const [info] = derValues(publicKey.export({ type: 'spki', format: 'der' }));
  const [, bits] = derValues(info?.content ?? Buffer.alloc(0));
  return createHash('sha1')
    .update(bits?.content.subarray(1) ?? Buffer.alloc(0))
    .digest();
}

/** 127 random bits, never negative and never of fewer bytes. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return tagged(tag.integer, bytes);
}

export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
