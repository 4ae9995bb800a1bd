import type { ConfigSources, SourceFile } from '../../../config/files/config-sources.ts';

/**
 * Whether files that keys name, such as certificates, have another content than before, and nothing else differs. Of a file that is gone
 * the answer is no: the watch has waited for it already.
 */
export function onlyNamedFilesDiffer(before: ConfigSources, now: ConfigSources): boolean {
  if (textOf(before) !== textOf(now)) return false;
  const hashes = new Map(named(before).map(({ file, hash }) => [file, hash]));
  const changed = named(now).filter(({ file, hash }) => hashes.get(file) !== hash);
  return changed.length > 0 && changed.every(({ hash }) => hash !== undefined);
}

/** What stands for the content of the config file itself and of those that it includes. */
function textOf({ files }: ConfigSources): string {
  const own = files.filter(({ role }) => role !== 'reference');
  return own.map(({ file, hash }) => `${file}\0${hash ?? ''}`).join('\n');
}

function named({ files }: ConfigSources): readonly SourceFile[] {
  return files.filter(({ role }) => role === 'reference');
}
