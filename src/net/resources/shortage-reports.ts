import type { ShortageCounts } from '../../readings/process.ts';
import { addShortages, NO_SHORTAGES, type ShortageListener } from './shortage-log.ts';

/** Tells the supervisor of a worker's shortages: at once, and then what has gathered, every now and then. */
export class ShortageReports implements ShortageListener {
  readonly #say: (code: string, counts: ShortageCounts) => void;
  #counts = NO_SHORTAGES;
  #code = '';
  #isTold = false;

  constructor(say: (code: string, counts: ShortageCounts) => void) {
    this.#say = say;
  }

  note(code: string, counts: Partial<ShortageCounts>): void {
    this.#code = code;
    this.#counts = addShortages(this.#counts, counts);
    if (!this.#isTold) this.#tell();
  }

  lookAgain(): void {
    this.#isTold = false;
    if (this.#counts !== NO_SHORTAGES) this.#tell();
  }

  #tell(): void {
    this.#isTold = true;
    this.#say(this.#code, this.#counts);
    this.#counts = NO_SHORTAGES;
  }
}
