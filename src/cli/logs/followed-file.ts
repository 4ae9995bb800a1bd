import { open, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const CHUNK_BYTES = 64 * 1024;
const POLL_INTERVAL_MS = 250;

/**
 * Yields the bytes of a file and, until `signal` aborts, those that are added to it. When the file is rotated, it goes on with the
 * new file; when the file is truncated, from its beginning.
 */
export async function* followFile(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  let file = await open(path);
  let position = 0;
  try {
    for (;;) {
      const next = signal.aborted ? undefined : await nextFile(path, file, position);
      // First yield what was added before the next file appeared.
      for (let chunk = await readAt(file, position); chunk.length > 0; chunk = await readAt(file, position)) {
        position += chunk.length;
        yield chunk;
      }
      if (next === undefined) {
        if (signal.aborted) return;
        await pause(signal);
        continue;
      }
      position = 0;
      if (next === 'truncated') continue;
      await file.close();
      file = next;
    }
  } finally {
    await file.close();
  }
}

/** Returns the new file under that name, `truncated` when the same file starts anew, or undefined when it just goes on. */
async function nextFile(
  path: string,
  file: FileHandle,
  position: number,
): Promise<FileHandle | 'truncated' | undefined> {
  const current = await file.stat();
  if (current.size < position) return 'truncated';
  const named = await stat(path).catch(() => undefined);
  if (named === undefined || (named.ino === current.ino && named.dev === current.dev)) return undefined;
  return open(path).catch(() => undefined);
}

async function readAt(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
  return buffer.subarray(0, bytesRead);
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
}
