import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { SharedNumber } from '../balancer/contract/shared-turns.ts';
import type { PanicObserver } from '../standing/panic-watch.ts';

/** What all workers know of the panics of one upstream. */
export interface PanicWords {
  /** One place for each group of the upstream that panics now, over workers and generations. */
  readonly panicking: PlaceLimit;
  /** 1 while the log says that it panics. */
  readonly told: SharedNumber;
  close(): void;
}

/** Tells the operator. `sound` of `all` backends pass their checks. */
export type TellPanic = (panics: boolean, sound: number, all: number) => void;

/**
 * The panics of one upstream, told as one: the first group that begins tells it, and the last one that ends. An edit makes another group
 * beside each live one, and workers hear of checks one after the other; so what one group sees says nothing about the others.
 */
export class PanicShare {
  readonly #words: PanicWords;
  readonly #tell: TellPanic;
  /** Groups of this worker that are watched now. */
  #groups = 0;
  /** As a group that does not panic counted them last. */
  #last = { sound: 0, all: 0 };

  constructor(words: PanicWords, tell: TellPanic) {
    this.#words = words;
    this.#tell = tell;
  }

  /** One more group of the upstream goes live. */
  join(): PanicObserver {
    let panicked = false;
    let isOver = false;
    this.#groups += 1;
    const note = (panics: boolean): void => {
      if (panics === panicked) return;
      panicked = panics;
      if (panics) this.#words.panicking.take(Infinity);
      else this.#words.panicking.release();
    };
    return {
      panicChanged: (panics, sound, all) => {
        if (isOver) return;
        note(panics);
        if (!panics) this.#last = { sound, all };
        this.#settle(panics ? { sound, all } : this.#last);
      },
      ended: () => {
        if (isOver) return;
        note(false);
        isOver = true;
        this.#groups -= 1;
        this.#settle(this.#last);
      },
    };
  }

  close(): void {
    this.#words.close();
  }

  /** Brings what the log says in line with what is. Another worker may change that meanwhile: it is looked at until it stays. */
  #settle({ sound, all }: { readonly sound: number; readonly all: number }): void {
    const { panicking, told } = this.#words;
    for (;;) {
      const panics = panicking.taken > 0;
      if (!told.advance(panics ? 0 : 1, panics ? 1 : 0)) return;
      // The upstream has left the config, or health always counts from now on: there is nothing to tell.
      if (panics || this.#groups > 0) this.#tell(panics, sound, all);
    }
  }
}
