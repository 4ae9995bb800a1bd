import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';
import { threadPlugin } from '../../support/workers/thread-plugin.ts';

buildProgram();

/** A slower connect says that the threads of the proxy got no time of the machine: then nothing can be said of their shares. */
const SLOW_MS = 20;
/** Runs of which the median counts, and how many are taken at most to have so many in which the machine had time. */
const RUNS = 5;
const MOST_RUNS = 15;

function proxyWith(workers: number): Promise<LabProxy> {
  const yaml = `workers: ${workers}\nlisteners: [{ name: one, listen: '127.0.0.1:0', mode: thread }]\nupstreams: []\nadmin: { listen: '127.0.0.1:0' }\nplugins: { directory: plugins }\nreload: { watch: false }\n`;
  return labProxy(yaml, { 'plugins/thread.mjs': threadPlugin() });
}

/** Clients that stay, and by which thread each is served. */
class Crowd {
  readonly #proxy: LabProxy;
  readonly #sockets: Socket[] = [];
  readonly #threads = new Map<string, number>();
  slowestMs = 0;

  constructor(proxy: LabProxy) {
    this.#proxy = proxy;
    onTestFinished(() => {
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  get shares(): readonly number[] {
    return [...this.#threads.values()];
  }

  /** How many clients a thread has. */
  of(thread: string): number {
    return this.#threads.get(thread) ?? 0;
  }

  /** One more client. Resolves with its thread when it is served. */
  async enter(): Promise<{ readonly thread: string; readonly socket: Socket }> {
    const beganMs = performance.now();
    const socket = connect(Number(this.#proxy.address().split(':')[1]), '127.0.0.1');
    this.#sockets.push(socket);
    const thread = await answer(socket);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - beganMs);
    this.#threads.set(thread, this.of(thread) + 1);
    return { thread, socket };
  }

  async enterTogether(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.enter()));
  }

  async enterInTurn(count: number): Promise<void> {
    for (let client = 0; client < count; client += 1) await this.enter();
  }

  /** Resolves when the proxy has noticed. */
  async leave(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    await eventually(async () => (await this.#total()) === 0, 'no connection is left');
  }

  async #total(): Promise<number> {
    const response = await fetch(`http://${this.#proxy.adminAddress}/connections?limit=1`);
    return ((await response.json()) as { total: number }).total;
  }
}

/** The next line that comes. */
function answer(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (bytes: Buffer) => {
      socket.off('error', reject);
      resolve(bytes.toString().trim());
    });
  });
}

/** By how much of the mean the farthest of `workers` shares is off. */
function offBy(shares: readonly number[], workers: number): number {
  const mean = shares.reduce((sum, share) => sum + share, 0) / workers;
  const missing = shares.length < workers ? 1 : 0;
  return Math.max(missing, ...shares.map((share) => Math.abs(share - mean) / mean));
}

/** The median of several runs: of those in which the machine had most time. */
async function medianOff(
  proxy: LabProxy,
  workers: number,
  enter: (crowd: Crowd) => Promise<void>,
): Promise<number> {
  const runs: { readonly slowestMs: number; readonly off: number }[] = [];
  const quick = (): number => runs.filter(({ slowestMs }) => slowestMs < SLOW_MS).length;
  while (runs.length < MOST_RUNS && quick() < RUNS) {
    const crowd = new Crowd(proxy);
    await enter(crowd);
    runs.push({ slowestMs: crowd.slowestMs, off: offBy(crowd.shares, workers) });
    await crowd.leave();
  }
  const best = runs.sort((a, b) => a.slowestMs - b.slowestMs).slice(0, RUNS);
  return best.map(({ off }) => off).sort((a, b) => a - b)[RUNS >> 1] ?? 1;
}

describe.runIf(process.platform === 'linux').each([2, 4])('the connections of %i workers', (workers) => {
  it('are shared within 15 % at 64 and within 5 % at 1,000, at once and one by one', async () => {
    const proxy = await proxyWith(workers);
    const off = {
      '64 at once': await medianOff(proxy, workers, (crowd) => crowd.enterTogether(64)),
      '64 one by one': await medianOff(proxy, workers, (crowd) => crowd.enterInTurn(64)),
      '1,000 at once': await medianOff(proxy, workers, (crowd) => crowd.enterTogether(1_000)),
      '1,000 one by one': await medianOff(proxy, workers, (crowd) => crowd.enterInTurn(1_000)),
    };
    const bounds = {
      '64 at once': 0.15,
      '64 one by one': 0.15,
      '1,000 at once': 0.05,
      '1,000 one by one': 0.05,
    };
    const tooFar = Object.entries(off).filter(([name, part]) => part > bounds[name as keyof typeof bounds]);
    expect(tooFar).toEqual([]);
  }, 240_000);

  it('go to the others while one is blocked, and to that one once it is free again', async () => {
    const proxy = await proxyWith(workers);
    const crowd = new Crowd(proxy);
    await crowd.enterInTurn(workers * 10);
    const { thread, socket } = await crowd.enter();
    const before = crowd.of(thread);
    const file = join(proxy.directory, 'free');
    socket.write(`hold ${file}`);
    expect(await answer(socket)).toBe('held');
    const others = new Crowd(proxy);
    await others.enterInTurn(30);
    const free = answer(socket);
    await writeFile(file, '');
    expect(await free).toBe('done');
    // Few, as those that it had accepted before it was blocked.
    expect(others.of(thread)).toBeLessThanOrEqual(2);
    await others.enterInTurn(workers * 30);
    const mean = (crowd.shares.length * 10 + 1 + 30 + workers * 30) / workers;
    expect((before + others.of(thread)) / mean).toBeGreaterThan(0.8);
  });
});
