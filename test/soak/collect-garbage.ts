/*
 * Loaded into the proxy's process, which runs with --expose-gc: collects garbage at SIGWINCH. An idle process does that by
 * itself only after a long time, and what is left must tell what is held, not when the last collection was.
 */

declare const gc: () => void;

process.on('SIGWINCH', () => {
  gc();
});
