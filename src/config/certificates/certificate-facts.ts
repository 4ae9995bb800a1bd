import { X509Certificate } from 'node:crypto';
import { derValues } from '../../certificates/der.ts';
import { messageOf } from '../../errors.ts';
import { canonicalIp, parseTlsName } from '../values/tls/tls-name.ts';
import { objectIdText } from './der-reader.ts';
import { nameLine } from './name-line.ts';
import type { PemBlock } from './pem-blocks.ts';
import { lackWords, pemBlocks } from './pem-blocks.ts';
import { signatureHash } from './signature-hash.ts';

/** The kind of a certificate's key, as far as cipher suites differ by it. */
export type KeyKind = 'rsa' | 'ec' | 'other';

/** One certificate of a PEM file. */
export interface CertificateFacts {
  readonly x509: X509Certificate;
  /** The line of the file in which it begins. */
  readonly line: number;
  /** The host names and IP addresses that it is for, in the form of `parseTlsName`; of one that names none, the CN of its subject. */
  readonly names: readonly string[];
  readonly keyKind: KeyKind;
  /** Of an RSA key; undefined for others. */
  readonly rsaBits: number | undefined;
  /** The hash of its signature; undefined when the algorithm needs none. */
  readonly hash: string | undefined;
  readonly isSelfSigned: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const LABELS: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);

/** What a file with certificates holds. */
export interface CertificateFile {
  /** In their order. Empty when there is a `failure`. */
  readonly certificates: readonly CertificateFacts[];
  readonly blocks: readonly PemBlock[];
  /** Why the file can't be used, worded to follow the file's name. */
  readonly failure: string | undefined;
}

/** Reads all certificates of a PEM file. Does not throw. */
export function readCertificates(text: string): CertificateFile {
  const blocks = pemBlocks(text);
  const wanted = blocks.filter(({ label }) => LABELS.has(label));
  if (wanted.length === 0)
    return { certificates: [], blocks, failure: lackWords('certificate', text, blocks) };
  const certificates: CertificateFacts[] = [];
  for (const { line, text: pem, isCut } of wanted) {
    const where = `its certificate in line ${line}`;
    if (isCut) return { certificates: [], blocks, failure: `is cut off: ${where} has no end` };
    try {
      certificates.push(factsOf(new X509Certificate(pem), line));
    } catch (thrown) {
      const reason = messageOf(thrown).replace(/^error:[0-9A-Fa-f]+:/, '');
      return { certificates: [], blocks, failure: `can't be read: ${where} is broken (${reason})` };
    }
  }
  return { certificates, blocks, failure: undefined };
}

function factsOf(x509: X509Certificate, line: number): CertificateFacts {
  const { publicKey } = x509;
  const type = publicKey.asymmetricKeyType;
  const isRsa = type === 'rsa' || type === 'rsa-pss';
  return {
    x509,
    line,
    names: namesOf(x509),
    keyKind: isRsa ? 'rsa' : type === 'ec' ? 'ec' : 'other',
    rsaBits: isRsa ? publicKey.asymmetricKeyDetails?.modulusLength : undefined,
    hash: hashOf(x509.raw),
    isSelfSigned: x509.checkIssued(x509),
    notBeforeMs: Date.parse(x509.validFrom),
    notAfterMs: Date.parse(x509.validTo),
  };
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { id, … }, signature } */
function hashOf(raw: Buffer): string | undefined {
  const [certificate] = derValues(raw);
  const algorithm = derValues(certificate?.content ?? raw)[1];
  const [id] = derValues(algorithm?.content ?? Buffer.alloc(0));
  return id === undefined ? undefined : signatureHash(objectIdText(id.content));
}

/** `DNS:a, IP Address:::1, DNS:"a, b"`: the runtime puts values with special characters in quotes. */
const ALTERNATIVE_NAME = /(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g;

function namesOf({ subject, subjectAltName }: X509Certificate): readonly string[] {
  const names = new Set<string>();
  for (const [, kind, value = ''] of (subjectAltName ?? '').matchAll(ALTERNATIVE_NAME)) {
    const name = kind === 'DNS' ? nameOrNothing(value) : canonicalIp(value);
    if (name !== undefined) names.add(name);
  }
  if (names.size > 0) return [...names];
  const common = nameOrNothing(/^CN=(.*)$/m.exec(subject)?.[1] ?? '');
  return common === undefined ? [] : [common];
}

function nameOrNothing(text: string): string | undefined {
  try {
    return parseTlsName(text);
  } catch {
    return undefined;
  }
}

/** How messages name a certificate: its first name, else its subject. */
export function titleOf({ names, x509 }: Pick<CertificateFacts, 'names' | 'x509'>): string {
  return names[0] ?? (nameLine(x509.subject) || 'without a name');
}
