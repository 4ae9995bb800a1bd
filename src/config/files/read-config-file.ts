import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { messageOf, systemCodeOf } from '../../errors.ts';
import { formatSize } from '../values/units.ts';

/** The limit for all files of a config together. Ten thousand backends fit into it. */
export const MAX_CONFIG_FILE_BYTES = 4 * 1024 * 1024;

/** The result of reading a file: it has either `text` or `failure`. */
export interface FileContent {
  readonly text?: string;
  /** Why the file can't be used; worded to follow the file's name. */
  readonly failure?: string;
  /** True when the file does not exist. */
  readonly absent?: boolean;
  /** sha256 of the bytes, in hex; undefined when the file could not be read. */
  readonly hash: string | undefined;
  readonly sizeBytes: number;
}

/** Reads a file as UTF-8. A file of more than `limitBytes` is a failure. Does not throw. */
export async function readConfigFile(
  file: string,
  limitBytes: number = MAX_CONFIG_FILE_BYTES,
): Promise<FileContent> {
  try {
    const failure = await kindFailure(file);
    if (failure !== undefined) return { hash: undefined, sizeBytes: 0, failure };
    const bytes = await readBytes(file, limitBytes);
    const sizeBytes = bytes.length;
    if (sizeBytes > limitBytes) return { hash: undefined, sizeBytes, failure: tooLarge(limitBytes) };
    const hash = hashOf(bytes);
    const text = decode(bytes);
    return text === undefined
      ? { hash, sizeBytes, failure: 'must be UTF-8 text' }
      : { hash, sizeBytes, text };
  } catch (thrown) {
    const absent = systemCodeOf(thrown) === 'ENOENT';
    return { hash: undefined, sizeBytes: 0, failure: readFailure(thrown), absent };
  }
}

/**
 * Why a pipe or a device can't be a config, worded to follow the file's name; undefined for other files. A pipe gives its text only
 * once, but a config is read again at each reload.
 */
async function kindFailure(file: string): Promise<string | undefined> {
  const stats = await stat(file);
  if (stats.isFIFO() || stats.isSocket())
    return 'is a pipe, which can be read only once: write the config to a file and name that one';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'is a device, not a file' : undefined;
}

/** Like {@link readConfigFile}, but takes regular files only: reading from a pipe could wait forever. */
export async function readRegularFile(file: string, limitBytes?: number): Promise<FileContent> {
  try {
    const stats = await stat(file);
    if (!stats.isFile() && !stats.isDirectory())
      return { hash: undefined, sizeBytes: 0, failure: 'is no regular file' };
  } catch {
    // The read below fails too, and says why.
  }
  return readConfigFile(file, limitBytes);
}

/** The result of hashing a file: it has either `hash` or `failure`. */
export interface FileHash {
  readonly hash?: string;
  readonly failure?: string;
}

/** Hashes a regular file of at most {@link MAX_CONFIG_FILE_BYTES}. Does not throw. */
export async function hashFile(file: string): Promise<FileHash> {
  const { bytes, failure } = await readNamedFile(file);
  return bytes === undefined ? { failure: failure ?? `can't be read` } : { hash: hashOf(bytes) };
}

/** Reads a regular file of at most {@link MAX_CONFIG_FILE_BYTES}. Gives its bytes, or why it can't be used. Does not throw. */
export async function readNamedFile(
  file: string,
): Promise<{ readonly bytes?: Buffer; readonly failure?: string }> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) return { failure: 'is a directory, not a file' };
    if (!stats.isFile()) return { failure: 'is no regular file' };
    if (stats.size > MAX_CONFIG_FILE_BYTES) return { failure: tooLarge(MAX_CONFIG_FILE_BYTES) };
    return { bytes: await readFile(file) };
  } catch (thrown) {
    return { failure: readFailure(thrown) };
  }
}

/** sha256 in hex. Two contents of a file are the same when their hashes are equal. */
export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function readBytes(file: string, limitBytes: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of handle.createReadStream({ end: limitBytes, autoClose: false })) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
    }
    return Buffer.concat(pieces, length);
  } finally {
    await handle.close();
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Says that a file is larger than the limit; worded to follow the file's name. */
export function tooLarge(limitBytes: number): string {
  if (limitBytes === MAX_CONFIG_FILE_BYTES) return `must be at most ${formatSize(limitBytes)}`;
  return `is too large: all files of a config together must be at most ${formatSize(MAX_CONFIG_FILE_BYTES)}`;
}

function readFailure(thrown: unknown): string {
  switch (systemCodeOf(thrown)) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
      return 'may not be read by this user';
    case 'EISDIR':
      return 'is a directory, not a file';
    default:
      return `can't be read: ${messageOf(thrown)}`;
  }
}
