import { Agent } from 'node:http';

import type { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../traffic.ts';
import { ask, type ClientKind, type Fate } from './client-kinds.ts';

/** The longest rest of a client between two requests. */
const REST_MS = 30;

/** What the clients of one kind got. */
export class KindTally {
  readonly kind: ClientKind;
  readonly fates = new Map<Fate, number>();
  readonly tookMs: number[] = [];

  constructor(kind: ClientKind) {
    this.kind = kind;
  }

  note(fate: Fate, tookMs: number): void {
    this.fates.set(fate, (this.fates.get(fate) ?? 0) + 1);
    this.tookMs.push(tookMs);
  }

  get requests(): number {
    return this.tookMs.length;
  }

  count(fate: Fate): number {
    return this.fates.get(fate) ?? 0;
  }

  /** Requests that a proxy could have saved: another backend lived, and the client had nothing yet. */
  get failed(): number {
    return this.requests - this.count('ok') - (this.kind.isWholeAtOnce ? 0 : this.count('cut'));
  }

  /** The share of requests that took at most so long. */
  quantileMs(share: number): number {
    const sorted = this.tookMs.toSorted((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  }
}

/** The clients of one kind, each asking until they are stopped. Resolves when all have stopped. */
export async function runClients(
  tally: KindTally,
  port: number,
  random: SeededRandom,
  stopping: AbortSignal,
): Promise<void> {
  const { kind } = tally;
  const client = async (number: number): Promise<void> => {
    const agent = kind.keepsConnection ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
    await rest(number * 5);
    while (!stopping.aborted) {
      const beganAtMs = performance.now();
      const fate = await ask(port, agent, kind.order(random));
      tally.note(fate, performance.now() - beganAtMs);
      await rest(random.between(0, REST_MS));
    }
    if (agent !== false) agent.destroy();
  };
  await Promise.all(Array.from({ length: kind.clients }, (_, number) => client(number)));
}
