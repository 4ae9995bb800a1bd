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

/**
 * Files that both configs name and whose content is another one, as for an edited error page or a renewed certificate. Configs in two
 * folders name the same file when its path from there is the same.
 */
export function diffReferences(before: ReferringConfig | undefined, after: ReferringConfig): ConfigChange[] {
  if (before === undefined) return [];
  const directory = directoryOf(after);
  const hashes = hashesOf(before);
  return after.sources.files.flatMap(({ file, role, hash, keyPath = '' }) => {
    const name = relative(directory, file);
    const known = [file, name].find((path) => hashes.has(path));
    if (role !== 'reference' || known === undefined || hashes.get(known) === hash) return [];
    const kind = KINDS.find(([pattern]) => pattern.test(keyPath))?.[1];
    const change = { path: keyPath, kind: 'changed', effect: 'hot' } as const;
    if (kind === undefined) return [{ ...change, summary: `file ${name} changed` }];
    const certificate = after.certificates.find((one) => resolve(directory, one.file) === file);
    const summary = certificateWords(kind, name, certificate);
    return [{ ...change, summary, note: NEW_HANDSHAKES }];
  });
}

/** The files that a config names, by their whole paths and by those from its own folder. */
function hashesOf(config: ReferringConfig): ReadonlyMap<string, string | undefined> {
  const directory = directoryOf(config);
  const references = config.sources.files.filter(({ role }) => role === 'reference');
  return new Map(
    references.flatMap(({ file, hash }) => [
      [file, hash] as const,
      [relative(directory, file), hash] as const,
    ]),
  );
}

function directoryOf({ sources }: ReferringConfig): string {
  return dirname(sources.files[0]?.file ?? '');
}

function certificateWords(kind: string, file: string, certificate: CertificateReading | undefined): string {
  if (certificate === undefined || kind !== 'certificate') return `${kind} ${file} replaced`;
  const { names, subject, notAfterMs } = certificate;
  const [first = subject, ...more] = names;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return `certificate of ${first}${others} replaced, valid until ${dayOf(notAfterMs)}`;
}
