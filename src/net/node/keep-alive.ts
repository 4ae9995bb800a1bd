import type { Handle } from './node-internals.ts';

/** Linux takes no more for TCP_KEEPIDLE. */
const LONGEST_S = 32_767;

/**
 * Has the system probe a peer that has been silent for `afterMs`, so that a connection whose peer is gone without a word ends.
 * The runtime asks for ten probes a second apart. 0: no probes.
 */
export function setKeepAlive(handle: Handle, afterMs: number): void {
  handle.setKeepAlive?.(afterMs > 0, keepAliveSeconds(afterMs));
}

/** The system counts whole seconds, at least one. */
export function keepAliveSeconds(afterMs: number): number {
  return Math.min(Math.ceil(afterMs / 1000), LONGEST_S);
}
