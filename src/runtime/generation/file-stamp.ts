import { resolve } from 'node:path';

/** Content hashes of the files that a config names, by absolute path; undefined for a file that can't be read. */
export type FileHashes = ReadonlyMap<string, string | undefined>;

/**
 * The files that a part of a config names, with their content hashes. Two equal parts of a config have the same stamp only when the
 * contents of their files are the same too. '' when the part names no file.
 */
export function fileStamp(part: unknown, directory: string, files: FileHashes): string {
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
    if (files.has(file)) found.set(file, files.get(file) ?? 'missing');
  }
}
