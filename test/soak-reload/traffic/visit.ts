import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Journal } from '../edits/journal.ts';
import type { ConfigModel } from '../model/config-model.ts';
import type { Places } from '../model/render-config.ts';

/** Everything that a client needs for one piece of traffic. */
export interface Visit {
  readonly random: SeededRandom;
  readonly places: Places;
  readonly journal: Journal<ConfigModel>;
  /** Number of the client among those of its kind. */
  readonly client: number;
  /** The run is about to end: finish what runs. */
  readonly stopping: AbortSignal;
}

/** The kinds of faults, each counted on its own. */
export type FaultKind = 'failed request' | 'refused connect' | 'wrong answer' | 'broken tunnel';

export class TrafficFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Does one thing through the proxy and checks all of it; returns how many exchanges that were. Rejects with a TrafficFault. */
export type Act = (visit: Visit) => Promise<number>;

export interface TrafficKind {
  readonly name: string;
  readonly clients: number;
  /** Longest rest between two visits. */
  readonly restMs: number;
  readonly act: Act;
}

/** A failure of the connection itself, told from others by its code. */
export function connectionFault(error: unknown, kind: FaultKind, what: string): TrafficFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  return new TrafficFault(code === 'ECONNREFUSED' ? 'refused connect' : kind, `${what}: ${message}`);
}
