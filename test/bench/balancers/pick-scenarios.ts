import type { BenchBackendOptions } from './bench-backend.ts';

/** One kind of upstream, and how it is asked. */
export interface PickScenario {
  readonly title: string;
  /** The backend at that index of `count`. */
  readonly backend: (at: number, count: number) => BenchBackendOptions;
  /** The balancer's own zone. Default: none. */
  readonly zone?: string;
  /** Each request is tried again on another backend. Default: false. */
  readonly triesAgain?: boolean;
  /** Other workers have leases of the same backends. Default: false. */
  readonly isShared?: boolean;
}

export const PICK_SCENARIOS: readonly PickScenario[] = [
  { title: 'all up', backend: () => ({}) },
  { title: 'weights', backend: (at) => ({ weight: (at % 7) + 1 }) },
  { title: 'half down', backend: (at) => ({ isDown: at % 2 === 0 }) },
  { title: 'one up', backend: (at, count) => ({ isDown: at !== count >> 1 }) },
  { title: 'limits', backend: (at) => ({ limit: at % 5 === 0 ? 100 : 1 }) },
  { title: 'all full', backend: () => ({ limit: 0 }) },
  { title: 'tried again', backend: () => ({}), triesAgain: true },
  { title: 'tiers', backend: (at) => ({ priority: at % 3, zone: at % 2 === 0 ? 'a' : 'b' }), zone: 'a' },
  { title: 'two workers', backend: () => ({}), isShared: true },
  { title: 'two workers, all full', backend: () => ({ limit: 0 }), isShared: true },
];
