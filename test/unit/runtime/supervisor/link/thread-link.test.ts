import { MessageChannel } from 'node:worker_threads';

import { afterEach, describe, expect, it } from 'vitest';

import { BalanceError } from '../../../../../src/errors.ts';
import { QuestionError } from '../../../../../src/runtime/explain/explain-question.ts';
import type { Report, Told } from '../../../../../src/runtime/supervisor/link/messages.ts';
import type { ThreadMessage } from '../../../../../src/runtime/supervisor/link/thread-messages.ts';
import {
  SupervisorLink,
  WorkerLink,
  type WorkerAnswers,
} from '../../../../../src/runtime/supervisor/link/worker-link.ts';

const PAGE = { contentType: '', headers: { vary: 'Accept' }, body: new Uint8Array([1]) };
const HEALTHY = { status: 200, body: 'ok\n' };
/** Ends no test: what is awaited comes long before. */
const LONG_MS = 30_000;

/** A promise that the test settles. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('the talk between supervisor and worker', () => {
  const open: { close(): void }[] = [];
  afterEach(() => {
    for (const port of open.splice(0)) port.close();
  });

  /** Both ends. Questions that `answers` has no answer for are answered with nothing. */
  function talk(answers: Partial<WorkerAnswers> = {}) {
    const { port1, port2 } = new MessageChannel();
    const reports: Report[] = [];
    const told: Told[] = [];
    const heard = deferred<undefined>();
    const note =
      <T>(list: T[]) =>
      (thing: T): void => {
        list.push(thing);
        heard.resolve(undefined);
      };
    const all = new Proxy(answers, {
      get: (known, kind) => (Reflect.get(known, kind) as unknown) ?? (() => undefined),
    }) as WorkerAnswers;
    const link = new WorkerLink('worker 2', port1, {
      answers: {
        'metrics-page': ({ request }) => ({ ...PAGE, contentType: request.accept ?? '' }) as never,
        'look-up': () => ({ addresses: [], failure: undefined }),
      },
      heard: note(reports),
    });
    const worker = new SupervisorLink('the supervisor', port2, { answers: all, heard: note(told) });
    open.push(port1, port2);
    return { link, worker, port2, reports, told, heard: heard.promise };
  }

  it('gives each question its own answer, also when they come in another order', async () => {
    const first = deferred<typeof HEALTHY>();
    const { link } = talk({
      health: () => first.promise,
      explain: ({ question }) => {
        first.resolve(HEALTHY);
        throw new QuestionError(`no listener ${question.listener ?? ''}`);
      },
    });
    const health = link.ask({ kind: 'health' }, LONG_MS);
    const explained = link.ask({ kind: 'explain', question: { listener: 'web' } }, LONG_MS);
    await expect(explained).rejects.toThrow(new QuestionError('no listener web'));
    expect(await health).toEqual(HEALTHY);
  });

  it('rejects with the refusal of the worker', async () => {
    const { link } = talk({
      prepare: () => Promise.reject(new BalanceError('address_in_use', 'port 80 is taken')),
    });
    const source = { config: {}, hash: '', directory: '', files: new Map(), plugins: [] } as never;
    await expect(
      link.ask(
        { kind: 'prepare', generation: 2, source, slots: { grant: [], pages: [], tables: new Map() } },
        LONG_MS,
      ),
    ).rejects.toMatchObject({
      code: 'address_in_use',
      message: 'port 80 is taken',
    });
  });

  it('rejects when no answer comes in time, tells the worker so, and drops the late answer', async () => {
    const given = deferred<AbortSignal>();
    const late = deferred<typeof HEALTHY>();
    const { link } = talk({
      health: (_ask, signal) => {
        given.resolve(signal);
        return late.promise;
      },
      ping: () => undefined,
    });
    await expect(link.ask({ kind: 'health' }, 20)).rejects.toMatchObject({
      code: 'worker_hung',
      message: 'worker 2 did not answer within 20 ms',
    });
    const signal = await given.promise;
    await new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener('abort', resolve);
    });
    late.resolve(HEALTHY);
    await expect(link.ask({ kind: 'ping' }, LONG_MS)).resolves.toBeUndefined();
  });

  it('ends a wait whose signal is aborted', async () => {
    const { link } = talk({ health: () => deferred<typeof HEALTHY>().promise });
    const stop = new AbortController();
    const asked = link.ask({ kind: 'health' }, LONG_MS, stop.signal);
    stop.abort(new Error('nobody waits'));
    await expect(asked).rejects.toThrow('nobody waits');
  });

  it('rejects what waits, and what is asked later, when the worker is gone', async () => {
    const { link } = talk({ health: () => deferred<typeof HEALTHY>().promise });
    const asked = link.ask({ kind: 'health' }, LONG_MS);
    link.destroy('out of memory');
    const gone = { code: 'worker_gone', message: 'worker 2 ended: out of memory' };
    await expect(asked).rejects.toMatchObject(gone);
    await expect(link.ask({ kind: 'ping' }, LONG_MS)).rejects.toMatchObject(gone);
    link.say({ kind: 'stop-work' });
  });

  it('refuses a question or an answer that can not be sent, and goes on', async () => {
    const { link } = talk({ health: () => ({ ...HEALTHY, call: () => 1 }) });
    const odd = { call: () => 1 } as never;
    await expect(link.ask({ kind: 'explain', question: odd }, LONG_MS)).rejects.toThrow(
      'could not be cloned',
    );
    await expect(link.ask({ kind: 'health' }, LONG_MS)).rejects.toMatchObject({ code: 'internal' });
    await expect(link.ask({ kind: 'ping' }, LONG_MS)).resolves.toBeUndefined();
  });

  it('lets the worker ask, too', async () => {
    const { worker } = talk();
    const page = await worker.ask({ kind: 'metrics-page', request: { accept: 'text/plain' } }, LONG_MS);
    expect(page).toEqual({ ...PAGE, contentType: 'text/plain' });
  });

  it('passes on what each end says by itself', async () => {
    const { link, worker, reports, told, heard } = talk();
    worker.say({ kind: 'need', socket: 7, count: 1 });
    await heard;
    expect(reports).toEqual([{ kind: 'need', socket: 7, count: 1 }]);
    link.say({ kind: 'stop-work' });
    await link.ask({ kind: 'ping' }, LONG_MS);
    expect(told).toEqual([{ kind: 'stop-work' }]);
  });

  it('ignores answers that nobody asked for', async () => {
    const { link, port2 } = talk();
    port2.postMessage({ frame: 'answer', id: 99, value: 1 } satisfies ThreadMessage);
    await expect(link.ask({ kind: 'ping' }, LONG_MS)).resolves.toBeUndefined();
  });

  it('moves long rows of numbers instead of copying them', async () => {
    const numbers = new Float64Array([1, 2.5]);
    const { link } = talk({ running: () => ({ numbers }) as never });
    expect(await link.ask({ kind: 'running' }, LONG_MS)).toEqual({ numbers: new Float64Array([1, 2.5]) });
    expect(numbers).toHaveLength(0);
  });
});
