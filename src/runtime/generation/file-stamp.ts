import { resolve } from 'node:path';

/** The content hashes of files that a config names, by their absolute paths; undefined for what can't be read. */
export type FileHashes = ReadonlyMap<string, string | undefined>;

/**
 * The files that are named anywhere in a part of a config, with what is in them: equal for two parts in the same words only
 * when their files say the same too. '' when no file is named.
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
