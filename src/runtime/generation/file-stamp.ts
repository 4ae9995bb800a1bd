import { resolve } from 'node:path';
import type { NamedFiles } from '../../config/files/config-files.ts';

/**
 * The files that a part of a config names, with their content hashes. Two equal parts of a config have the same stamp only when the
 * contents of their files are the same too. '' when the part names no file.
 */
export function fileStamp(part: unknown, directory: string, files: NamedFiles): string {
  if (files.size === 0) return '';
  const found = new Map<string, string>();
  collect(part);
  return [...found].map(([file, hash]) => `${file} ${hash}`).join('\n');

  function collect(value: unknown): void {
    if (typeof value === 'string') note(value);
    else if (typeof value === 'object' && value !== null)
      for (const item of Object.values(value)) collect(item);
  }

  function note(text: string): void {
    if (text === '' || text.includes('\0')) return;
    const file = resolve(directory, text);
    if (files.has(file)) found.set(file, files.get(file)?.hash ?? 'missing');
  }
}
