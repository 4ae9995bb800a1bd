import { dirname, relative } from 'node:path';
import type { ConfigChange } from './config-change.ts';
import type { ConfigSources } from '../files/config-sources.ts';

/** Files that both configs name and whose content is another one, as for an edited error page. */
export function diffReferences(before: ConfigSources | undefined, after: ConfigSources): ConfigChange[] {
  if (before === undefined) return [];
  const directory = dirname(after.files[0]?.file ?? '');
  const hashes = new Map(before.files.map(({ file, role, hash }) => [`${role} ${file}`, hash]));
  return after.files.flatMap(({ file, role, hash, keyPath }) => {
    const key = `${role} ${file}`;
    if (role !== 'reference' || !hashes.has(key) || hashes.get(key) === hash) return [];
    const summary = `file ${relative(directory, file)} changed`;
    return [{ path: keyPath ?? '', kind: 'changed', effect: 'hot', summary }];
  });
}
