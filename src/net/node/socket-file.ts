import { unlinkSync } from 'node:fs';

/** Removes the path of a unix socket that has ended. An abstract name has none. */
export function removeSocketFile(path: string): void {
  if (path.startsWith('\0')) return;
  try {
    unlinkSync(path);
  } catch {
    // Somebody has removed it already.
  }
}
