import { dirname, relative, resolve } from 'node:path';
import type { CertificateReading } from '../../readings/certificate.ts';
import { dayOf } from '../certificates/validity.ts';
import type { ConfigChange } from './config-change.ts';
import type { ConfigSources } from '../files/config-sources.ts';

/** A config with what it was made from. */
export interface ReferringConfig {
  readonly sources: ConfigSources;
  readonly certificates: readonly CertificateReading[];
}

const NEW_HANDSHAKES = 'counts for new handshakes; open connections stay';

/** What a file is, by the last part of the key that names it. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/key_password_file$/, 'password of a private key'],
  [/key_file$/, 'private key'],
  [/crl_file$/, 'revocation list'],
  [/ca_file$/, 'authorities'],
  [/cert_file$/, 'certificate'],
];

/** Files that both configs name and whose content is another one, as for an edited error page or a renewed certificate. */
export function diffReferences(before: ReferringConfig | undefined, after: ReferringConfig): ConfigChange[] {
  if (before === undefined) return [];
  const directory = dirname(after.sources.files[0]?.file ?? '');
  const hashes = new Map(before.sources.files.map(({ file, role, hash }) => [`${role} ${file}`, hash]));
  return after.sources.files.flatMap(({ file, role, hash, keyPath = '' }) => {
    const key = `${role} ${file}`;
    if (role !== 'reference' || !hashes.has(key) || hashes.get(key) === hash) return [];
    const kind = KINDS.find(([pattern]) => pattern.test(keyPath))?.[1];
    const name = relative(directory, file);
    const change = { path: keyPath, kind: 'changed', effect: 'hot' } as const;
    if (kind === undefined) return [{ ...change, summary: `file ${name} changed` }];
    const certificate = after.certificates.find((one) => resolve(directory, one.file) === file);
    const summary = certificateWords(kind, name, certificate);
    return [{ ...change, summary, note: NEW_HANDSHAKES }];
  });
}

function certificateWords(kind: string, file: string, certificate: CertificateReading | undefined): string {
  if (certificate === undefined || kind !== 'certificate') return `${kind} ${file} replaced`;
  const { names, subject, notAfterMs } = certificate;
  const [first = subject, ...more] = names;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return `certificate of ${first}${others} replaced, valid until ${dayOf(notAfterMs)}`;
}
