import type { SeededRandom } from '../support/seeded-random.ts';

/** Everything that a client needs for one piece of traffic. */
export interface Visit {
  readonly random: SeededRandom;
  readonly webPort: number;
  readonly rawPort: number;
}

/**
 * Does one thing through the proxy and checks all of it. Rejects when anything was not as it must be; `tolerated` when that is no fault of
 * the proxy, such as a backend that died.
 */
export type Act = (visit: Visit) => Promise<'done' | 'tolerated'>;

export interface TrafficKind {
  readonly name: string;
  readonly clients: number;
  /** Longest rest between two visits. */
  readonly restMs: number;
  readonly act: Act;
}

/** So long may a single visit take. */
const VISIT_LIMIT_MS = 45_000;
const SHOWN_FAILURES = 5;

/** The clients of one kind, each in a loop until they are stopped. */
export class TrafficLoop {
  readonly kind: TrafficKind;
  done = 0;
  tolerated = 0;
  failed = 0;
  readonly failures: string[] = [];
  readonly #stopping: AbortSignal;

  constructor(kind: TrafficKind, stopping: AbortSignal) {
    this.kind = kind;
    this.#stopping = stopping;
  }

  /** Resolves when all have stopped. */
  async run(clients: number, visitOf: () => Visit): Promise<void> {
    await Promise.all(Array.from({ length: clients }, (_, number) => this.#client(visitOf(), number)));
  }

  async #client(visit: Visit, number: number): Promise<void> {
    await rest(number * 7);
    while (!this.#stopping.aborted) {
      try {
        this[await limited(this.kind.act(visit))] += 1;
      } catch (error) {
        this.failed += 1;
        if (this.failures.length < SHOWN_FAILURES)
          this.failures.push(error instanceof Error ? error.message : String(error));
      }
      await rest(visit.random.between(0, this.kind.restMs));
    }
  }
}

async function limited<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`nothing came of it within ${VISIT_LIMIT_MS} ms`)),
      VISIT_LIMIT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
