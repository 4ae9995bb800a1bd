import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { WorkerLife } from '../../../../../src/runtime/supervisor/life/worker-life.ts';
import type { ThreadEnd, WorkerThread } from '../../../../../src/runtime/supervisor/life/worker-thread.ts';
import { owned } from '../../../../support/owned.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';
import { eventually } from '../../../../support/time/eventually.ts';

/** A thread that answers everything, until `ends`. @param destroy default: it ends at once */
function fakeThread(destroy?: (end: ThreadEnd) => Promise<void>) {
  let ends: (end: ThreadEnd) => void = () => undefined;
  const ended = new Promise<ThreadEnd>((resolve) => {
    ends = resolve;
  });
  const thread = {
    startedAtMs: Date.now(),
    ageMs: 0,
    ended,
    worker: { performance },
    link: { ask: async () => undefined, say: () => undefined },
    destroy:
      destroy ??
      (async (end: ThreadEnd) => {
        ends(end);
      }),
  } as unknown as WorkerThread;
  return { thread, ends };
}

/** A worker whose threads `start` makes. */
function lifeOf(start: () => WorkerThread, logger: RecordingLogger, ended: () => void): WorkerLife {
  const lastBeat = () => ({ ageMs: 0, generation: 1, connections: 0, heapUsedBytes: 0 });
  return new WorkerLife({ index: 0, logger, start, join: async () => undefined, ended, lastBeat });
}

describe('a worker that is to end', () => {
  it('is not waited for when a call of the system holds its thread', async () => {
    const asked: ThreadEnd[] = [];
    const { thread } = fakeThread((end) => {
      asked.push(end);
      return new Promise(() => undefined);
    });
    const life = lifeOf(
      () => thread,
      new RecordingLogger(),
      () => undefined,
    );
    await life.start();
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const closed = life.close();
    await vi.advanceTimersByTimeAsync(5_000);
    await closed;
    expect(asked).toEqual([{ reason: 'terminated', message: 'the proxy ends' }]);
    expect(life.state).toBe('stopping');
  });
});

describe('a worker that ends', () => {
  it('is replaced, whatever happens to what it held', async () => {
    const logger = new RecordingLogger();
    const threads: ReturnType<typeof fakeThread>[] = [];
    const life = owned(
      lifeOf(
        () => {
          const made = fakeThread();
          threads.push(made);
          return made.thread;
        },
        logger,
        () => {
          throw new Error('nobody takes it');
        },
      ),
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
