import type {
  Balancer,
  Candidate,
  Chance,
  PickContext,
} from '../../../src/upstream/balancer/contract/balancer.ts';

/** A candidate whose state a test may change. It tells balancers that {@link follow} it what they must be told, and nothing else. */
export class FakeCandidate implements Candidate {
  readonly id: string;
  readonly weight: number;
  responseMs = 0;
  readonly priority: number;
  readonly zone: string;
  #active = 0;
  #available = true;
  #isFull = false;
  #factor = 1;
  readonly #followers: (() => void)[] = [];

  constructor(id: string, weight: number, priority = 0, zone = '') {
    this.id = id;
    this.weight = weight;
    this.priority = priority;
    this.zone = zone;
  }

  follow(changed: () => void): void {
    this.#followers.push(changed);
  }

  get active(): number {
    return this.#active;
  }

  set active(leases: number) {
    const isBetter = leases < this.#active;
    this.#active = leases;
    if (isBetter) this.#tell();
  }

  get available(): boolean {
    return this.#available && !this.#isFull;
  }

  set available(available: boolean) {
    const isBetter = available && !this.#available;
    this.#available = available;
    if (isBetter) this.#tell();
  }

  get up(): boolean {
    return this.#available;
  }

  get hasRoom(): boolean {
    return !this.#isFull;
  }

  set isFull(isFull: boolean) {
    this.#isFull = isFull;
    if (!isFull) this.#tell();
  }

  get factor(): number {
    return this.#factor;
  }

  set factor(factor: number) {
    this.#factor = factor;
    this.#tell();
  }

  #tell(): void {
    for (const changed of this.#followers) changed();
  }
}

/** One candidate for each weight, at 10.0.0.1:80 and following. */
export function fakeCandidates(weights: readonly number[]): FakeCandidate[] {
  return weights.map(
    (weight, at) => new FakeCandidate(`10.0.${Math.floor(at / 250)}.${(at % 250) + 1}:80`, weight),
  );
}

/** The balancer, which hears of the candidates that it was made over. */
export function following<B extends Balancer>(balancer: B, candidates: readonly FakeCandidate[]): B {
  for (const [at, candidate] of candidates.entries())
    candidate.follow(() => {
      balancer.changed(at);
    });
  return balancer;
}

export function context(key?: string, exclude?: Iterable<Candidate>): PickContext {
  return { key, exclude: exclude === undefined ? undefined : new Set(exclude) };
}

/** Makes turns begin with the first candidate. */
export const fromFirst: Chance = () => 0;

/** The same chances each time for a seed (mulberry32). */
export function seededChance(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Keys as they come: addresses of clients. */
export function clientKeys(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `192.168.${Math.floor(at / 256)}.${at % 256}`);
}
