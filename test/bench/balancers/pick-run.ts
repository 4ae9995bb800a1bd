import { performance } from 'node:perf_hooks';
import type { Algorithm } from '../../../src/config/values/algorithm.ts';
import type { Balancer } from '../../../src/upstream/balancer/contract/balancer.ts';
import type { SharedTurns } from '../../../src/upstream/balancer/contract/shared-turns.ts';
import { createBalancer } from '../../../src/upstream/balancer/create-balancer.ts';
import { BenchBackend } from './bench-backend.ts';
import type { PickScenario } from './pick-scenarios.ts';

/** Leases that run at a time. */
const IN_FLIGHT = 64;
const KEYS = Array.from({ length: 4096 }, (_, at) => `10.0.${String(at >> 8)}.${String(at & 255)}`);

/** One algorithm over one upstream, with leases that begin and end. */
export class PickRun {
  readonly #balancer: Balancer<BenchBackend>;
  readonly #running: (BenchBackend | undefined)[] = new Array<undefined>(IN_FLIGHT).fill(undefined);
  readonly #tried: Set<BenchBackend> | undefined;
  #at = 0;

  constructor(algorithm: Algorithm, scenario: PickScenario, count: number) {
    const backends = Array.from(
      { length: count },
      (_, at) => new BenchBackend(at, scenario.backend(at, count)),
    );
    this.#balancer = createBalancer(
      { algorithm, load_factor: 1.25, zone: scenario.zone ?? '', zone_min_up: 50 },
      backends,
      Math.random,
      scenario.isShared === true ? sharedTurns() : undefined,
    );
    this.#tried = scenario.triesAgain === true ? new Set() : undefined;
  }

  /** Nanoseconds for a request: its picks, and the end of an earlier lease. */
  batch(requests: number): number {
    const begun = performance.now();
    for (let done = 0; done < requests; done++) this.#request();
    return ((performance.now() - begun) * 1e6) / requests;
  }

  #request(): void {
    const place = this.#at % IN_FLIGHT;
    const key = KEYS[this.#at % KEYS.length];
    this.#at += 1;
    this.#end(this.#running[place]);
    this.#running[place] = this.#begin(key);
  }

  #begin(key: string | undefined): BenchBackend | undefined {
    const first = this.#balancer.pick({ key, exclude: undefined });
    if (first === undefined) return undefined;
    first.active += 1;
    if (this.#tried === undefined) return first;
    this.#end(first);
    this.#tried.clear();
    this.#tried.add(first);
    const second = this.#balancer.pick({ key, exclude: this.#tried });
    if (second !== undefined) second.active += 1;
    return second;
  }

  #end(backend: BenchBackend | undefined): void {
    if (backend === undefined) return;
    backend.active -= 1;
    this.#balancer.changed(backend.at);
  }
}

function sharedTurns(): SharedTurns {
  let turn = 0;
  return {
    start: 0,
    ownStart: 0,
    turn: {
      read: () => turn,
      advance: (from, to) => {
        if (turn !== from) return false;
        turn = to;
        return true;
      },
    },
  };
}
