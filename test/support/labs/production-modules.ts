import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ROOT } from './built-program.ts';

/** Links the packages that the product needs, and no others, into `folder`/node_modules: what an installation would put there. */
export function linkProductionModules(folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  for (const [path, { dev = false }] of Object.entries(packages)) {
    // Nested ones come along with the package that they lie in.
    if (dev || path === '' || path.lastIndexOf('node_modules/') > 0 || !existsSync(join(ROOT, path)))
      continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(ROOT, path), join(folder, path));
  }
}
