import { dirname, resolve } from 'node:path';
import { checkCertificates } from '../checks/tls/check-certificates.ts';
import { hashOfSources, type SourceFile } from '../files/config-sources.ts';
import { readReferences } from '../files/read-references.ts';
import type { Problem } from '../problems/problem.ts';
import { ConfigError } from './config-error.ts';
import { withOwnDomains, type LoadedConfig } from './loaded-config.ts';

/**
 * An earlier config with the certificates, keys and passwords that its files hold now. A rollback takes back what a config says, and never
 * brings back a certificate that was renewed since.
 *
 * @throws ConfigError when one of the files can't be used now
 */
export async function withCurrentFiles(loaded: LoadedConfig): Promise<LoadedConfig> {
  if (!namesContents(loaded)) return loaded;
  const directory = dirname(resolve(loaded.file));
  const own = withOwnDomains(loaded);
  const { files, contents, failures } = await readReferences(own, directory);
  const problems: Problem[] = failures.map(({ reference, failure }) => {
    const shown = loaded.shown(reference.path, reference.file);
    return loaded.problem(reference.path, `names the file ${shown}, which ${failure}`);
  });
  const { config, certificates } = checkCertificates({
    config: own,
    error: (path, message) => problems.push(loaded.problem(path, message)),
    warn: () => undefined,
    shown: (path, value) => loaded.shown(path, value),
    given: (path) => loaded.isGiven(path),
    contentOf: (name) => contents.get(resolve(directory, name)),
    // It is better to go back to a config with an expired certificate than to stay with one that fails.
    mayBeInvalid: () => true,
    nowMs: Date.now(),
  });
  // What was live a moment ago has its contents still: a guard that goes back must not fail because files are being changed.
  if (problems.length > 0 && loaded.contents.size > 0) return loaded;
  if (problems.length > 0) throw new ConfigError(problems);
  const kept = loaded.sources.files.filter(({ role }) => role !== 'reference');
  const all: readonly SourceFile[] = [...kept, ...files];
  const hash = hashOfSources(all);
  return {
    ...loaded,
    config,
    certificates,
    contents,
    hash,
    sources: { ...loaded.sources, files: all, hash },
  };
}

/** Whether a config has certificates, keys or passwords. */
function namesContents({ certificates, config }: LoadedConfig): boolean {
  return certificates.length > 0 || config.admin?.token_file !== undefined;
}
