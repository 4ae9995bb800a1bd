import { CaseRun, type Sight } from './case-run.ts';
import type { Area, CaseKind, FuzzCase } from './case.ts';
import { FuzzBackend } from './fuzz-backend.ts';
import { fuzzConfig, type BackendPorts } from './fuzz-config.ts';
import { freePort } from '../support/addresses/free-ports.ts';
import { generateCase } from './generate-case.ts';
import { judge } from './judge.ts';
import { STALL_MS, StallWatch } from './stall-watch.ts';
import type { ScrapedMetrics } from '../support/collectors/scraped-metrics.ts';

/** The proxy under test, wherever it runs. */
export interface FuzzTarget {
  readonly alive: boolean;
  /** The faults that it has found so far. */
  readonly faults: readonly string[];
  port(listener: string): number;
  metrics(): Promise<ScrapedMetrics>;
  /** Open file descriptors; 0 where they can't be told from others. */
  fds(): number;
}

export interface Failure {
  readonly fuzzCase: FuzzCase | undefined;
  readonly sight: Sight | undefined;
  readonly why: string;
}

export interface Tally {
  cases: number;
  requests: number;
  /** Late because this process could not keep up, which says nothing about the proxy. */
  excused: number;
}

const LIVE_AREAS: readonly Exclude<Area, 'dead'>[] = ['tame', 'wild', 'flaky'];
/** Between the starts of two clients. */
const RAMP_MS = 3;
/** Beyond such turns of the event loop only {@link FEWEST} cases run at a time. */
const LONG_TURN_MS = 25;
const FEWEST = 20;
const BREATH_MS = 15;
/** After the load: how soon everything must be given back. The proxy waits up to 2 s for clients that do not close. */
const SETTLE_LIMIT_MS = 12_000;

/** Backends, clients and the judgement of one run against one proxy. */
export class Campaign {
  readonly tallies = new Map<CaseKind, Tally>();
  readonly failures: Failure[] = [];
  readonly #seed: number;
  readonly #backends: readonly FuzzBackend[];
  readonly #deadPort: number;
  readonly #running: Map<number, FuzzCase>;
  /** Longest time that the proxy's event loop was late. */
  worstDelayMs = 0;
  /** Failures for which a stall of the proxy's process would be an excuse. */
  readonly #late: Failure[] = [];
  /** Like {@link worstDelayMs}, since the last batch. */
  #delayMs = 0;
  readonly #stalls = new StallWatch();
  #knownFaults = 0;
  #target: FuzzTarget | undefined;
  #baseFds = 0;

  private constructor(
    seed: number,
    backends: readonly FuzzBackend[],
    deadPort: number,
    running: Map<number, FuzzCase>,
  ) {
    this.#seed = seed;
    this.#backends = backends;
    this.#deadPort = deadPort;
    this.#running = running;
  }

  static async start(seed: number): Promise<Campaign> {
    const running = new Map<number, FuzzCase>();
    const orphans: Failure[] = [];
    const context = {
      find: (index: number) => running.get(index),
      complain: (why: string) => void orphans.push({ fuzzCase: undefined, sight: undefined, why }),
    };
    const backends = await Promise.all(LIVE_AREAS.map((area) => FuzzBackend.start(area, context)));
    const campaign = new Campaign(seed, backends, await freePort(), running);
    context.complain = (why) => void campaign.failures.push({ fuzzCase: undefined, sight: undefined, why });
    return campaign;
  }

  /** The config for the proxy. */
  get config(): string {
    const live = Object.fromEntries(this.#backends.map(({ area, ports }) => [area, ports]));
    return fuzzConfig({ ...(live as Omit<BackendPorts, 'dead'>), dead: [this.#deadPort] });
  }

  /** Longest time that this process was late itself. */
  get worstStallMs(): number {
    return this.#stalls.worstMs;
  }

  get requests(): number {
    return this.#backends.reduce((sum, { requests }) => sum + requests, 0);
  }

  async attach(target: FuzzTarget): Promise<void> {
    this.#target = target;
    // The first scrape opens what later ones use again.
    await target.metrics();
    this.#baseFds = target.fds();
  }

  /** Runs the cases [from, to), so many at a time, until `goOn` says no. Returns the number after the last one. */
  async run(
    from: number,
    to: number,
    concurrency: number,
    goOn: () => boolean = () => true,
  ): Promise<number> {
    let next = from;
    const worker = async (_: unknown, number: number): Promise<void> => {
      // All at once they would overrun a proxy whose code is still cold, and wait for its limits.
      await new Promise((resolve) => setTimeout(resolve, number * RAMP_MS));
      while (next < to && goOn() && this.#target?.alive === true) {
        await this.#breathe();
        if (next < to) await this.#runCase(next++);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return next;
  }

  /**
   * Fewer cases run at a time while turns of the event loop take long: the runtime accepts one connection a turn, so that
   * connections would wait for longer than the proxy's limits.
   */
  async #breathe(): Promise<void> {
    while (this.#stalls.recentMs > LONG_TURN_MS && this.#running.size > FEWEST) {
      await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
    }
  }

  /** After a batch: nothing may be left open, in flight or logged. Adds to {@link failures} what is. */
  async settle(): Promise<void> {
    const target = this.#target!;
    const untilMs = performance.now() + SETTLE_LIMIT_MS;
    let left = await this.#leftOpen(target);
    while (left !== undefined && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      left = await this.#leftOpen(target);
    }
    this.#excuseLate();
    if (left !== undefined) this.#fail(`after a batch: ${left}`);
    for (const fault of target.faults.slice(this.#knownFaults)) this.#fail(`the proxy complained: ${fault}`);
    this.#knownFaults = target.faults.length;
  }

  async close(): Promise<void> {
    this.#stalls.close();
    await Promise.all(this.#backends.map((backend) => backend.close()));
  }

  /** On a busy machine the proxy may not have run for so long that limits passed; that is no fault of its own. */
  #excuseLate(): void {
    const stalled = this.#delayMs > STALL_MS;
    for (const failure of this.#late.splice(0)) {
      const tally = failure.fuzzCase === undefined ? undefined : this.tallies.get(failure.fuzzCase.kind);
      if (stalled && tally !== undefined) tally.excused += 1;
      else this.failures.push(failure);
    }
    this.worstDelayMs = Math.max(this.worstDelayMs, this.#delayMs);
    this.#delayMs = 0;
  }

  #fail(why: string): void {
    this.failures.push({ fuzzCase: undefined, sight: undefined, why });
  }

  async #leftOpen(target: FuzzTarget): Promise<string | undefined> {
    if (!target.alive) return undefined;
    const metrics = await target.metrics();
    this.#delayMs = Math.max(this.#delayMs, metrics.sum('nodejs_eventloop_lag_max_seconds') * 1000);
    const inFlight = metrics.sum('balance_backend_requests_in_flight');
    const leased = metrics.sum('balance_pool_connections_active');
    const sockets = metrics.sum('balance_backend_connections_active');
    const idle = metrics.sum('balance_pool_connections_idle');
    if (inFlight !== 0) return `${inFlight} requests are in flight`;
    if (leased !== 0) return `${leased} sockets are leased`;
    if (idle < 0 || sockets < 0) return `${idle} sockets are idle and ${sockets} open`;
    const fds = target.fds() - sockets;
    // The scrape itself may hold one connection or two.
    return fds > this.#baseFds + 2
      ? `${fds} file descriptors are open besides ${sockets} to backends, at first ${this.#baseFds}`
      : undefined;
  }

  #runCase(index: number): Promise<void> {
    const fuzzCase = generateCase(this.#seed, index);
    this.#running.set(index, fuzzCase);
    const stallsBefore = this.#stalls.count;
    return new Promise((resolve) => {
      new CaseRun(fuzzCase, this.#target!.port('fuzz'), (sight) => {
        this.#running.delete(index);
        this.#judge(fuzzCase, sight, this.#stalls.count > stallsBefore);
        resolve();
      });
    });
  }

  #judge(fuzzCase: FuzzCase, sight: Sight, stalled: boolean): void {
    let tally = this.tallies.get(fuzzCase.kind);
    if (tally === undefined) this.tallies.set(fuzzCase.kind, (tally = { cases: 0, requests: 0, excused: 0 }));
    tally.cases += 1;
    tally.requests += fuzzCase.requests.length;
    const why = judge(fuzzCase, sight);
    if (why === undefined) return;
    const late =
      sight.responses.some(({ status }) => status === 408 || status === 504) || sight.durationMs > 2_000;
    if ((stalled || fuzzCase.lateMs > STALL_MS) && late) tally.excused += 1;
    else this.failures.push({ fuzzCase, sight, why });
  }
}
