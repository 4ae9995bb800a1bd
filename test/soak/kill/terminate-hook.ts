/*
 * Loaded into the proxy's process: terminates a thread, from outside, when it asks for it. It keeps no process alive.
 */
import { BroadcastChannel, isMainThread, type Worker } from 'node:worker_threads';

import { TERMINATE_CHANNEL } from './reaper-plugin.ts';

if (isMainThread) {
  const threads = new Map<number, Worker>();
  process.on('worker', (worker) => {
    const { threadId } = worker;
    threads.set(threadId, worker);
    worker.once('exit', () => threads.delete(threadId));
  });
  const channel = new BroadcastChannel(TERMINATE_CHANNEL);
  channel.onmessage = (event): void => {
    const { data } = event as { readonly data: number };
    void threads.get(data)?.terminate();
  };
  channel.unref();
}
