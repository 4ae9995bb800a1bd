import type { BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { systemCodeOf } from '../errors.ts';
import { MAX_CONFIG_FILE_BYTES, hashOf } from './read-config-file.ts';

export interface ContentFingerprint {
  /** sha256 of the content in hex, equal to the hash of a load; a stand-in when the content can't be read. */
  readonly hash: string;
  /** Changes whenever somebody writes to the file or puts another one in its place. */
  readonly stamp: string;
}

/** What a file is now; undefined when there is none or when it is empty, as editors leave it for a moment. */
export async function fingerprint(file: string): Promise<ContentFingerprint | undefined> {
  try {
    const stats = await stat(file, { bigint: true });
    const stamp = stampOf(stats);
    if (stats.size === 0n) return undefined;
    // The load will say what is wrong with it; here it only counts as other content.
    if (stats.size > BigInt(MAX_CONFIG_FILE_BYTES)) return { hash: `too large: ${stamp}`, stamp };
    const content = await readFile(file);
    if (content.length === 0) return undefined;
    return { hash: hashOf(content), stamp };
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return { hash: `unreadable: ${code}`, stamp: code };
  }
}

/** Tells a directory from another one that took its place; undefined when there is none. */
export async function directoryIdentity(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(directory, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
