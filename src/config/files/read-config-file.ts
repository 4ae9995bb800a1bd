import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { messageOf, systemCodeOf } from '../../errors.ts';
import { formatSize } from '../values/units.ts';

/** Ten thousand backends fit in; whatever is larger is no config. Counts for all files of a config together. */
export const MAX_CONFIG_FILE_BYTES = 4 * 1024 * 1024;

/** What became of reading a file: either `text` or `failure` is there. */
export interface FileContent {
  readonly text?: string;
  /** Why it can't be used, in words that follow its name. */
  readonly failure?: string;
  /** Whether that is because it is not there. */
  readonly absent?: boolean;
  /** sha256 of the bytes, in hex; undefined when they could not be read. */
  readonly hash: string | undefined;
  readonly sizeBytes: number;
}

/** Reads a file as UTF-8, at most so many bytes of it. Does not throw. */
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
 * Why a file of that kind can't be a config, in words that follow its name. A pipe gives its text once, but a config is read
 * several times: for its plugins, for what it says, and at each reload.
 */
async function kindFailure(file: string): Promise<string | undefined> {
  const stats = await stat(file);
  if (stats.isFIFO() || stats.isSocket())
    return 'is a pipe, which can be read only once: write the config to a file and name that one';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'is a device, not a file' : undefined;
}

/** Like {@link readConfigFile}, for a file that must be one: a pipe would be waited for without end. */
export async function readRegularFile(file: string, limitBytes?: number): Promise<FileContent> {
  try {
    const stats = await stat(file);
    if (!stats.isFile() && !stats.isDirectory())
      return { hash: undefined, sizeBytes: 0, failure: 'is no regular file' };
  } catch {
    // Reading says why.
  }
  return readConfigFile(file, limitBytes);
}

/** What became of looking at a file's content without using it: either `hash` or `failure` is there. */
export interface FileHash {
  readonly hash?: string;
  readonly failure?: string;
}

/** Hashes a regular file of at most {@link MAX_CONFIG_FILE_BYTES}. Does not throw. */
export async function hashFile(file: string): Promise<FileHash> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) return { failure: 'is a directory, not a file' };
    if (!stats.isFile()) return { failure: 'is no regular file' };
    if (stats.size > MAX_CONFIG_FILE_BYTES) return { failure: tooLarge(MAX_CONFIG_FILE_BYTES) };
    return { hash: hashOf(await readFile(file)) };
  } catch (thrown) {
    return { failure: readFailure(thrown) };
  }
}

/** sha256 in hex: what tells one content of a file from another. */
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

/** Why so much is not taken, in words that follow the name of the file. */
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
