import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { messageOf, systemCodeOf } from '../errors.ts';
import { ConfigError } from './config-error.ts';
import { formatSize } from './units.ts';

/** Ten thousand backends fit in; whatever is larger is no config file. */
export const MAX_CONFIG_FILE_BYTES = 4 * 1024 * 1024;

export interface ConfigFileContent {
  readonly text: string;
  /** sha256 of the bytes, in hex. */
  readonly hash: string;
}

/** Reads a config file as UTF-8. Throws a ConfigError when there is none, or when it is too large or no text. */
export async function readConfigFile(file: string): Promise<ConfigFileContent> {
  const bytes = await readBytes(file);
  if (bytes.length > MAX_CONFIG_FILE_BYTES) {
    throw fileError(file, `must be at most ${formatSize(MAX_CONFIG_FILE_BYTES)}`);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, hash: hashOf(bytes) };
  } catch (thrown) {
    throw fileError(file, 'must be UTF-8 text', thrown);
  }
}

/** sha256 in hex: what tells one content of a config file from another. */
export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      const pieces: Buffer[] = [];
      let length = 0;
      for await (const piece of handle.createReadStream({ end: MAX_CONFIG_FILE_BYTES, autoClose: false })) {
        pieces.push(piece as Buffer);
        length += (piece as Buffer).length;
      }
      return Buffer.concat(pieces, length);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw fileError(file, readFailure(thrown), thrown);
  }
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

function fileError(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file, line: 0, column: 0, path: '', message }], cause);
}
