import { derValues, objectId, sequence } from './der.ts';

/** How other certificates name the holder of a certificate. */
export interface CertificateSubject {
  /** DER. */
  readonly name: Buffer;
  /** What the certificate calls its key, if it does. */
  readonly keyId: Buffer | undefined;
}

const EXTENSIONS = 0xa3;
const SUBJECT_KEY_ID = objectId('2.5.29.14');

/** Reads a valid certificate (DER). */
export function subjectOf(raw: Buffer): CertificateSubject {
  const [body] = derValues(firstContent(raw));
  // Version, serial number, algorithm, issuer, validity, subject (RFC 5280, section 4.1).
  const fields = derValues(body?.content ?? raw);
  const extensions = fields.find(({ id }) => id === EXTENSIONS);
  return { name: fields[5]?.bytes ?? sequence(), keyId: extensions && keyIdIn(extensions.content) };
}

function keyIdIn(extensions: Buffer): Buffer | undefined {
  for (const { content } of derValues(firstContent(extensions))) {
    const [id, ...rest] = derValues(content);
    const value = rest.at(-1);
    if (value !== undefined && id?.bytes.equals(SUBJECT_KEY_ID) === true) return firstContent(value.content);
  }
  return undefined;
}

function firstContent(bytes: Buffer): Buffer {
  return derValues(bytes)[0]?.content ?? Buffer.alloc(0);
}
