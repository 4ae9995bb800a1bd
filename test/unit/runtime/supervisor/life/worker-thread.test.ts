import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

import { WorkerThread } from '../../../../../src/runtime/supervisor/life/worker-thread.ts';

/** Ends no test: what is awaited comes long before. */
const LONG_MS = 30_000;

/** A thread that runs one of the programs beside this file. */
function thread(program: string): WorkerThread {
  const entry = new URL(`./threads/${program}.mjs`, import.meta.url);
  const start = { index: 1, neighbours: [] } as never;
  const handlers = { answers: {} as never, heard: () => undefined };
  return new WorkerThread({ entry, limits: { maxOldGenerationSizeMb: 20 } }, start, handlers);
}

describe('the end of the thread of a worker', () => {
  it('is told with its reason when its memory was full', async () => {
    expect(await thread('filling').ended).toEqual({
      reason: 'out_of_memory',
      message: 'its memory was full',
    });
  });

  it('is told with what was thrown', async () => {
    const throwing = thread('throwing');
    const asked = throwing.link.ask({ kind: 'ping' }, LONG_MS);
    await expect(asked).rejects.toMatchObject({
      code: 'worker_gone',
      message: 'worker 2 ended: thrown at the start',
    });
    expect(await throwing.ended).toEqual({ reason: 'exception', message: 'thrown at the start' });
  });

  it('is told as the one says who ends it', async () => {
    const idle = thread('idle');
    const asked = idle.link.ask({ kind: 'ping' }, LONG_MS);
    await Promise.all([
      idle.destroy({ reason: 'hung', message: 'its event loop stood still for 12s' }),
      expect(asked).rejects.toThrow('worker 2 ended: its event loop stood still for 12s'),
    ]);
    expect(await idle.ended).toEqual({ reason: 'hung', message: 'its event loop stood still for 12s' });
  });

  it('is awaited by all who ask for it, with the reason of the first one', async () => {
    const idle = thread('idle');
    const first = idle.destroy({ reason: 'hung', message: 'its event loop stood still for 12s' });
    expect(idle.destroy({ reason: 'terminated', message: 'the proxy ends' })).toBe(first);
    await first;
    expect(await idle.ended).toMatchObject({ reason: 'hung' });
  });
});

describe('a thread that can not be started', () => {
  it('leaves no port open', async () => {
    const { port1, port2 } = new MessageChannel();
    const closed = once(port1, 'close');
    const start = { index: 1, neighbours: [{ worker: 0, port: port2 }] } as never;
    const entry = new URL('http://127.0.0.1/no-program');
    const handlers = { answers: {} as never, heard: () => undefined };
    expect(() => new WorkerThread({ entry }, start, handlers)).toThrow();
    await closed;
  });
});
