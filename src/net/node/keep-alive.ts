import type { Handle } from './node-internals.ts';

/** The largest value that Linux accepts for TCP_KEEPIDLE. */
const LONGEST_S = 32_767;

/**
 * Makes the system probe a peer that has been silent for `afterMs`; 0: no probes. A connection whose peer vanished without closing it
 * ends then. Node.js sets ten probes, one second apart.
 */
export function setKeepAlive(handle: Handle, afterMs: number): void {
  handle.setKeepAlive?.(afterMs > 0, keepAliveSeconds(afterMs));
}

/** In whole seconds, at least 1, as the system wants it. */
export function keepAliveSeconds(afterMs: number): number {
  return Math.min(Math.ceil(afterMs / 1000), LONGEST_S);
}
