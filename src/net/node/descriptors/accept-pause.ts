import type { ListeningHandle } from '../node-internals.ts';

/** The part of a handle by which it would read, if it were a connection. */
interface ReadingHandle {
  readStart?(): number;
  readStop?(): number;
}

/**
 * Stops accepting from a handle, without closing it. `listen` goes on. A handle of Node.js polls its descriptor for connections and for
 * bytes in the same way, so beginning to read and ending that ends the polling. Works for handles that came over a pipe or were opened
 * by number: Node.js does not let a handle read that it has bound itself.
 *
 * Returns false when this version of Node.js does not allow it: then the handle goes on accepting.
 */
export function pauseAccepts(listening: ListeningHandle): boolean {
  const handle = listening as ReadingHandle;
  return handle.readStart?.() === 0 && handle.readStop?.() === 0;
}
