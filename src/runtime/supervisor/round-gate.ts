import type { GenerationRound } from './generation-round.ts';

/** The edit that is between its preparation and its commit or abort, one at a time. Whoever must not come between waits for its end. */
export class RoundGate {
  #round: GenerationRound | undefined;
  #over: Promise<void> = Promise.resolve();
  #end: () => void = () => undefined;

  /** undefined while no edit is under way. */
  get round(): GenerationRound | undefined {
    return this.#round;
  }

  /** Resolves at the end of the edit that is under way; at once when none is. */
  get over(): Promise<void> {
    return this.#over;
  }

  /** An edit begins. One that is under way is over with it. */
  begin(round: GenerationRound): void {
    this.end();
    this.#round = round;
    this.#over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#round = undefined;
    this.#end();
  }
}
