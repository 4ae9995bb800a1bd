import { describe, expect, it } from 'vitest';

import { AcceptShare } from '../../../../src/net/share/accept-share.ts';
import { ShareWords } from '../../../../src/net/share/share-words.ts';

/** How long a wake takes from one thread to another, and a turn that accepts one connection. */
const WAKE_MS = 0.1;
const TURN_MS = 0.05;

/** A worker of the simulation. */
class Simulated {
  readonly share: AcceptShare;
  readonly words: ShareWords;
  isPolling = false;
  busyUntilMs = 0;
  rests = 0;
  wakes = 0;

  constructor(machine: Machine, buffer: SharedArrayBuffer, me: number) {
    this.words = new ShareWords(buffer, me);
    this.share = new AcceptShare(this.words, {
      pause: () => {
        this.isPolling = false;
        this.rests += 1;
      },
      resume: () => {
        this.isPolling = true;
      },
      wake: (worker) => {
        this.wakes += 1;
        machine.later(WAKE_MS, worker, () => {
          machine.workers[worker]?.share.woken();
        });
      },
      later: (ms, call) => machine.later(ms, me, call),
      afterPoll: (call) => {
        // What waits is accepted by who polls next, before the call.
        machine.accept(this);
        call();
      },
      nowMs: () => machine.nowMs,
    });
    this.isPolling = true;
    this.share.begin();
  }

  get open(): number {
    return this.words.openOf(this.words.me);
  }
}

/** Workers that accept from one queue. Of those that could, the same one always wins: the worst that a kernel may do. */
class Machine {
  nowMs = 1_000;
  waiting = 0;
  longestWaitMs = 0;
  readonly workers: Simulated[] = [];
  #events: { atMs: number; worker: number | undefined; call: () => void }[] = [];
  #since: number[] = [];

  constructor(count: number) {
    const buffer = ShareWords.allocate(count);
    for (let me = 0; me < count; me += 1) this.workers.push(new Simulated(this, buffer, me));
  }

  get spread(): number[] {
    return this.workers.map(({ open }) => open);
  }

  later(ms: number, worker: number | undefined, call: () => void): () => void {
    const event = { atMs: this.nowMs + ms, worker, call };
    this.#events.push(event);
    return () => {
      this.#events = this.#events.filter((other) => other !== event);
    };
  }

  /** Connections come, all at once or one after each `gapMs`. Returns when all were accepted. */
  arrive(count: number, gapMs: number): void {
    for (let index = 0; index < count; index += 1)
      this.later(index * gapMs, undefined, () => {
        this.waiting += 1;
        this.#since.push(this.nowMs);
      });
    this.run(count * gapMs);
    while (this.waiting > 0) this.run(1);
  }

  end(worker: number): void {
    this.workers[worker]?.share.ended();
  }

  run(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.nowMs <= untilMs) {
      const due = this.#events.filter(({ atMs, worker }) => atMs <= this.nowMs && !this.#isBusy(worker));
      this.#events = this.#events.filter((event) => !due.includes(event));
      for (const { call } of due.sort((a, b) => a.atMs - b.atMs)) call();
      for (const worker of [...this.workers].reverse()) this.accept(worker);
      this.nowMs += TURN_MS;
    }
  }

  /** One turn of a worker: it accepts one connection, if one waits. */
  accept(worker: Simulated): void {
    if (this.waiting === 0 || !worker.isPolling || worker.busyUntilMs > this.nowMs) return;
    this.waiting -= 1;
    this.longestWaitMs = Math.max(this.longestWaitMs, this.nowMs - (this.#since.shift() ?? this.nowMs));
    worker.share.accepted();
  }

  #isBusy(worker: number | undefined): boolean {
    return worker !== undefined && (this.workers[worker]?.busyUntilMs ?? 0) > this.nowMs;
  }
}

/** By how much of the mean the farthest worker is off. */
function offBy(spread: readonly number[]): number {
  const mean = spread.reduce((sum, count) => sum + count, 0) / spread.length;
  return Math.max(...spread.map((count) => Math.abs(count - mean))) / mean;
}

describe('the shares of workers', () => {
  it.each([
    [2, 64, 0, 0.15],
    [2, 64, 1, 0.15],
    [2, 64, 10, 0.15],
    [2, 1_000, 0, 0.05],
    [2, 1_000, 1, 0.05],
    [4, 64, 0, 0.15],
    [4, 64, 1, 0.15],
    [4, 64, 10, 0.15],
    [4, 1_000, 0, 0.05],
    [4, 1_000, 1, 0.05],
    [8, 1_000, 1, 0.05],
  ])('are even with %i workers and %i connections, one each %i ms', (workers, count, gapMs, bound) => {
    const machine = new Machine(workers);
    machine.arrive(count, gapMs);
    expect(machine.spread.reduce((sum, open) => sum + open, 0)).toBe(count);
    expect(offBy(machine.spread)).toBeLessThanOrEqual(bound);
    expect(machine.longestWaitMs).toBeLessThan(gapMs === 0 ? 100 : 1);
  });

  it('stay even when some connections end and others come', () => {
    const machine = new Machine(4);
    machine.arrive(400, 0);
    for (let worker = 0; worker < 50; worker += 1) machine.end(0);
    machine.arrive(100, 1);
    expect(offBy(machine.spread)).toBeLessThanOrEqual(0.06);
  });

  it('leave a blocked worker out until it accepts again, and nobody waits for long', () => {
    const machine = new Machine(2);
    machine.arrive(40, 1);
    const blocked = machine.workers[0] as Simulated;
    const before = blocked.open;
    blocked.busyUntilMs = machine.nowMs + 1_000;
    machine.arrive(60, 5);
    expect(blocked.open).toBe(before);
    expect(machine.longestWaitMs).toBeLessThan(20);
    machine.run(1_000);
    machine.arrive(120, 1);
    expect(offBy(machine.spread)).toBeLessThanOrEqual(0.05);
  });

  it('do not count a worker that is gone or does not answer', () => {
    const machine = new Machine(3);
    machine.arrive(30, 1);
    const [gone, hung] = machine.workers as [Simulated, Simulated, Simulated];
    const rests = machine.workers[2]?.rests ?? 0;
    gone.share.stop();
    hung.words.setHung(1, true);
    for (const worker of [gone, hung]) worker.busyUntilMs = Number.POSITIVE_INFINITY;
    machine.arrive(100, 1);
    expect(machine.longestWaitMs).toBeLessThan(10);
    expect((machine.workers[2]?.rests ?? 0) - rests).toBeLessThan(5);
    // Its replacement begins with nothing, and catches up.
    gone.words.forget(0);
    gone.busyUntilMs = 0;
    gone.isPolling = true;
    gone.share.begin();
    machine.arrive(80, 1);
    expect(gone.open).toBeGreaterThan(75);
  });

  it('cost little while connections are short', () => {
    const machine = new Machine(2);
    for (let round = 0; round < 2_000; round += 1) {
      machine.arrive(8, 0);
      for (const [worker, open] of machine.spread.entries())
        for (let count = 0; count < open; count += 1) if ((round + count) % 2 === 0) machine.end(worker);
    }
    const rests = machine.workers.reduce((sum, worker) => sum + worker.rests, 0);
    expect(rests).toBeLessThan(400);
  });

  it('count how often they rested, without the looks in between', () => {
    const machine = new Machine(2);
    machine.arrive(3, 1);
    // The one that always wins the race has its share, and rests; the other one is busy.
    const [busy, winner] = machine.workers as [Simulated, Simulated];
    expect(winner.share.rests).toBe(1);
    expect(winner.rests).toBe(1);
    busy.busyUntilMs = Number.POSITIVE_INFINITY;
    machine.run(300);
    expect(winner.rests).toBeGreaterThan(2);
    expect(winner.share.rests).toBe(1);
    expect(busy.share.rests).toBe(0);
  });

  it('need no timer and no wake while nobody rests', () => {
    const machine = new Machine(1);
    machine.arrive(500, 0);
    expect(machine.workers[0]).toMatchObject({ rests: 0, wakes: 0, open: 500 });
  });
});
