import { describe, expect, it } from 'vitest';

import { WorkerLife } from '../../../../../src/runtime/supervisor/life/worker-life.ts';
import type { ThreadEnd, WorkerThread } from '../../../../../src/runtime/supervisor/life/worker-thread.ts';
import { owned } from '../../../../support/owned.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';
import { eventually } from '../../../../support/time/eventually.ts';

/** A thread that answers everything, until `ends`. */
function fakeThread() {
  let ends: (end: ThreadEnd) => void = () => undefined;
  const ended = new Promise<ThreadEnd>((resolve) => {
    ends = resolve;
  });
  const thread = {
    startedAtMs: Date.now(),
    ended,
    worker: { performance },
    link: { ask: async () => undefined, say: () => undefined },
    destroy: async (end: ThreadEnd) => {
      ends(end);
    },
  } as unknown as WorkerThread;
  return { thread, ends };
}

describe('a worker that ends', () => {
  it('is replaced, whatever happens to what it held', async () => {
    const logger = new RecordingLogger();
    const threads: ReturnType<typeof fakeThread>[] = [];
    const life = owned(
      new WorkerLife({
        index: 0,
        logger,
        start: () => {
          const made = fakeThread();
          threads.push(made);
          return made.thread;
        },
        join: async () => undefined,
        ended: () => {
          throw new Error('nobody takes it');
        },
        lastBeat: () => ({ ageMs: 0, generation: 1, connections: 0, heapUsedBytes: 0 }),
      }),
    );
    await life.start();
    threads[0]?.ends({ reason: 'exit', message: 'it ended with exit code 0' });
    await eventually(() => threads.length === 2 && life.state === 'serving', 'another one serves');
    expect(logger.lines).toContain(
      'error what an ended worker held could not be given back {"worker":1,"error":"nobody takes it"}',
    );
    await life.destroy();
  });
});
