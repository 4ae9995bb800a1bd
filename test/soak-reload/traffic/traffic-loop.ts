import { rest } from '../../soak/traffic.ts';
import { TrafficFault, type FaultKind, type TrafficKind, type Visit } from './visit.ts';

const SHOWN_FAILURES = 8;

/** The clients of one kind, each in a loop until they are stopped. */
export class TrafficLoop {
  readonly kind: TrafficKind;
  done = 0;
  readonly faults: Record<FaultKind, number> = {
    'failed request': 0,
    'refused connect': 0,
    'wrong answer': 0,
    'broken tunnel': 0,
  };
  readonly shown: string[] = [];

  constructor(kind: TrafficKind) {
    this.kind = kind;
  }

  /** Resolves when all have stopped. */
  async run(clients: number, visitOf: (client: number) => Visit): Promise<void> {
    await Promise.all(Array.from({ length: clients }, (_, client) => this.#client(visitOf(client))));
  }

  async #client(visit: Visit): Promise<void> {
    await rest(visit.client * 11);
    while (!visit.stopping.aborted) {
      try {
        this.done += await this.kind.act(visit);
      } catch (error) {
        this.#note(error);
        // A proxy that is gone must not be asked a million times.
        await rest(50);
      }
      await rest(visit.random.between(0, this.kind.restMs));
    }
  }

  #note(error: unknown): void {
    const fault = error instanceof TrafficFault ? error : new TrafficFault('wrong answer', String(error));
    this.faults[fault.kind] += 1;
    if (this.shown.length < SHOWN_FAILURES)
      this.shown.push(`${new Date().toISOString()} ${this.kind.name}: ${fault.kind}: ${fault.message}`);
  }
}
