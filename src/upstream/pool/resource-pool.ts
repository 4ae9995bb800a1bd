import genericPool, { type Pool } from 'generic-pool';

/** Members of generic-pool that its types leave out. */
interface PoolParts {
  readonly Pool: new (
    evictor: unknown,
    deque: unknown,
    queue: unknown,
    factory: unknown,
    options: unknown,
  ) => unknown;
  readonly Deque: unknown;
  readonly PriorityQueue: unknown;
}

export interface ResourceFactory<T> {
  readonly create: () => Promise<T>;
  readonly destroy: (resource: T) => Promise<void>;
}

export interface ResourcePoolOptions<T> {
  /** Resources at most, borrowed and idle. */
  readonly limit: number;
  readonly minIdle: number;
  /** How often idle resources are checked, in ms. */
  readonly lookEveryMs: number;
  readonly factory: ResourceFactory<T>;
  /** Whether an idle resource must be removed; `available` is the number of idle resources. */
  readonly isUnwanted: (resource: T, available: number) => boolean;
}

/** A pool of generic-pool that asks its owner which idle resources it should remove. */
export function makeResourcePool<T>(options: ResourcePoolOptions<T>): Pool<T> {
  class Evictor {
    evict(_config: unknown, { obj }: { obj: T }, available: number): boolean {
      return options.isUnwanted(obj, available);
    }
  }
  const parts = genericPool as unknown as PoolParts;
  return new parts.Pool(Evictor, parts.Deque, parts.PriorityQueue, options.factory, {
    max: options.limit,
    min: options.minIdle,
    // The resource that came back last is given out first: it is the least likely to be dead.
    fifo: false,
    evictionRunIntervalMillis: options.lookEveryMs,
    numTestsPerEvictionRun: options.limit,
  }) as Pool<T>;
}
