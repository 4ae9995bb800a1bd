import type { Writable } from 'node:stream';

/** Text that waits for the main thread, of one output. More than this is dropped. */
const WAITING_LIMIT = 1024 * 1024;
/** Drops are told at most this often. */
const TELL_EVERY_MS = 60_000;

/**
 * Bounds what an output holds that nobody here asks for room, as `console.log` of a plugin does not. In a worker, stdout and stderr go out by
 * the main thread, when both event loops turn. Until then all of it would wait in the heap of the worker, which would end it.
 *
 * @param tell hears that writes were dropped, and how many since it heard of it last
 * @param now a clock in ms. Default: that of the process
 */
export function boundOutput(
  stream: Writable,
  tell: (droppedWrites: number) => void,
  now = (): number => performance.now(),
): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let dropped = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const bounded = (...args: unknown[]): boolean => {
    if (stream.writableLength < WAITING_LIMIT) return write(...args);
    dropped += 1;
    const done = args.at(-1);
    if (typeof done === 'function') queueMicrotask(done as () => void);
    const nowMs = now();
    if (nowMs - toldAtMs >= TELL_EVERY_MS) {
      toldAtMs = nowMs;
      tell(dropped);
      dropped = 0;
    }
    return false;
  };
  stream.write = bounded;
}
