import { existsSync, readFileSync } from 'node:fs';

/** The package's folder, found from this file whether it runs compiled (in `dist`) or from source. */
export function packageRoot(): URL {
  let folder = new URL('..', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    const parent = new URL('..', folder);
    if (parent.href === folder.href) throw new Error('the package of balance is incomplete: no package.json');
    folder = parent;
  }
  return folder;
}

/** The version in package.json. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', packageRoot()), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  return 'unknown';
}
