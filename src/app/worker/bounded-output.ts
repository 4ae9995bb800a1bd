import type { Writable } from 'node:stream';

/** Text that waits for the main thread, of one output. More than this is dropped. */
const WAITING_LIMIT = 1024 * 1024;
/** Drops are told so soon after the first one, and then at most so often. */
const TELL_AFTER_MS = 100;
const TELL_EVERY_MS = 60_000;

/**
 * Bounds what an output holds that nobody here asks for room, as `console.log` of a plugin does not. In a worker, stdout and stderr go out by
 * the main thread, when both event loops turn. Until then all of it would wait in the heap of the worker, which would end it.
 *
 * @param tell hears that writes were dropped, and how many since it heard of it last
 */
export function boundOutput(stream: Writable, tell: (droppedWrites: number) => void): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let dropped = 0;
  let waitMs = TELL_AFTER_MS;
  let timer: NodeJS.Timeout | undefined;
  const report = (): void => {
    timer = undefined;
    waitMs = TELL_EVERY_MS;
    tell(dropped);
    dropped = 0;
  };
  const bounded = (...args: unknown[]): boolean => {
    if (stream.writableLength < WAITING_LIMIT) return write(...args);
    dropped += 1;
    const done = args.at(-1);
    if (typeof done === 'function') queueMicrotask(done as () => void);
    timer ??= setTimeout(report, waitMs).unref();
    return false;
  };
  stream.write = bounded;
}
