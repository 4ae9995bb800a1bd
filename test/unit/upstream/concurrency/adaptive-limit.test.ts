import { describe, expect, it } from 'vitest';

import { AdaptiveLimit } from '../../../../src/upstream/concurrency/adaptive-limit.ts';
import { RequestCount } from '../../../../src/upstream/concurrency/request-count.ts';
import { RequestLimit } from '../../../../src/upstream/concurrency/request-limit.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';

const RULES = { minLimit: 3, maxLimit: 1_000, initialLimit: 20, tolerance: 2, windowMs: 250 };
/** What clients wait for at most. */
const PATIENCE_MS = 1_000;
/** Requests that wait in the proxy at most. */
const QUEUE_SIZE = 50;

interface Request {
  readonly atMs: number;
}

/** Clients, the proxy with a queue, and a backend that works on ten requests at a time and queues the others: all on a set clock. */
class Simulation {
  nowMs = 0;
  serviceMs = 10;
  readonly adaptive = new AdaptiveLimit(RULES, () => this.nowMs);
  readonly limit = new RequestLimit(Number.POSITIVE_INFINITY, new RequestCount(), this.adaptive);
  /** Requests that were answered before their client gave up, since the last look. */
  good = 0;
  readonly #random = new SeededRandom(7);
  #events: { atMs: number; happen: () => void }[] = [];
  readonly #queue: Request[] = [];
  readonly #atBackend: { request: Request; sentMs: number }[] = [];
  #working = 0;

  /** Requests come in these numbers a second, by chance, until that time. */
  run(untilMs: number, perSecond: number): number {
    this.good = 0;
    const comes = (): void => {
      this.#at(this.nowMs + (-Math.log(1 - this.#random.next()) * 1_000) / perSecond, () => {
        if (this.nowMs < untilMs) comes();
        this.#arrive({ atMs: this.nowMs });
      });
    };
    comes();
    for (;;) {
      this.#events.sort((a, b) => a.atMs - b.atMs);
      const event = this.#events[0];
      if (event === undefined || this.nowMs >= untilMs) return this.good;
      this.#events.shift();
      this.nowMs = event.atMs;
      event.happen();
    }
  }

  #at(atMs: number, happen: () => void): void {
    this.#events.push({ atMs, happen });
  }

  #arrive(request: Request): void {
    if (this.#queue.length < QUEUE_SIZE) this.#queue.push(request);
    this.#send();
  }

  /** Sends what waits, as far as there is room. */
  #send(): void {
    while (this.#queue.length > 0 && this.limit.take()) {
      const request = this.#queue.shift()!;
      this.#atBackend.push({ request, sentMs: this.nowMs });
      this.#work();
    }
  }

  #work(): void {
    while (this.#working < 10) {
      const job = this.#atBackend.shift();
      if (job === undefined) return;
      this.#working += 1;
      const timeMs = this.serviceMs * (0.5 + this.#random.next());
      this.#at(this.nowMs + timeMs, () => {
        this.#working -= 1;
        this.limit.responded(this.nowMs - job.sentMs, 200);
        this.limit.release();
        if (this.nowMs - job.request.atMs <= PATIENCE_MS) this.good += 1;
        this.#work();
        this.#send();
      });
    }
  }
}

describe('an adaptive limit', () => {
  it('leaves 80 % of what backends can do while they are ten times slower for 30 s, and all is back within 10 s', () => {
    const simulation = new Simulation();
    expect(simulation.run(10_000, 500)).toBeGreaterThan(0.98 * 500 * 10);
    simulation.serviceMs = 100;
    // Ten at a time, a tenth of a second each: 100 a second, of 500 that come.
    expect(simulation.run(40_000, 500)).toBeGreaterThan(0.8 * 100 * 30);
    simulation.serviceMs = 10;
    simulation.run(50_000, 500);
    expect(simulation.run(60_000, 500)).toBeGreaterThan(0.98 * 500 * 10);
  });

  it('holds nothing back from a backend that is slow by itself, not because of many requests', () => {
    const simulation = new Simulation();
    simulation.run(10_000, 80);
    simulation.serviceMs = 100;
    expect(simulation.run(40_000, 80)).toBeGreaterThan(0.95 * 80 * 30);
  });

  it('keeps the queue at a backend short under overload', () => {
    const simulation = new Simulation();
    simulation.run(30_000, 3_000);
    expect(simulation.adaptive.limit).toBeGreaterThanOrEqual(10);
    expect(simulation.adaptive.limit).toBeLessThan(60);
  });

  it('grows while it is used, and stays as it is while it is not', () => {
    let nowMs = 0;
    const limit = new AdaptiveLimit(RULES, () => nowMs);
    const windowOf = (running: number): void => {
      limit.began(running);
      for (let sample = 0; sample < 10; sample++) limit.answered(10, running);
      nowMs += 300;
    };
    windowOf(5);
    windowOf(5);
    expect(limit.limit).toBe(20);
    windowOf(20);
    windowOf(20);
    expect(limit.limit).toBeGreaterThan(20);
  });

  it('says nothing new with a few responses', () => {
    const limit = new AdaptiveLimit(RULES, () => 0);
    limit.began(20);
    for (let sample = 0; sample < 9; sample++) limit.answered(10, 20);
    expect(limit.limit).toBe(20);
  });

  it('does not take quick errors for quick answers', () => {
    const adaptive = new AdaptiveLimit(RULES, () => 0);
    const limit = new RequestLimit(100, new RequestCount(), adaptive);
    for (let sample = 0; sample < 100; sample++) {
      limit.take();
      limit.responded(1, 503);
      limit.release();
    }
    for (let taken = 0; taken < 20; taken++) expect(limit.take()).toBe(true);
    expect(limit.take()).toBe(false);
  });
});

describe('a fixed limit', () => {
  it('counts what runs', () => {
    const limit = new RequestLimit(2, new RequestCount(), undefined);
    expect([limit.take(), limit.take(), limit.take()]).toEqual([true, true, false]);
    expect(limit.hasRoom).toBe(false);
    limit.release();
    expect([limit.hasRoom, limit.running]).toEqual([true, 1]);
  });
});

it('learns from a backend that does not answer in time, and not from a response that stops after its begin', () => {
  const answered: number[] = [];
  const adaptive = Object.assign(new AdaptiveLimit(RULES), {
    answered: (responseMs: number) => void answered.push(responseMs),
  });
  const limit = new RequestLimit(Number.POSITIVE_INFINITY, new RequestCount(), adaptive);
  limit.responded(5, 200);
  limit.ended('backend_timeout', 200, 30_000);
  limit.ended('backend_timeout', 0, 10_000);
  expect(answered).toEqual([5, 10_000]);
});
