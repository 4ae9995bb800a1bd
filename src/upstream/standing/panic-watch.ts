/** Hears when an upstream begins and ends to ignore the health of its backends. */
export interface PanicObserver {
  /**
   * @param sound backends that pass their checks
   * @param all backends that no operator has taken out
   */
  panicChanged(panics: boolean, sound: number, all: number): void;
}

/** A backend of the upstream, as the watch sees it. */
export interface PanicMember {
  /** Whether its checks find nothing wrong. */
  readonly sound: boolean;
  readonly isTakenOut: boolean;
  /** 0 is used first. */
  readonly priority: number;
  /** Whether its checks are ignored. */
  panics: boolean;
}

/**
 * Watches how many members pass their checks. While they are too few, the checks are ignored: to send all requests to the few that are left
 * would bring these down as well, and a fault of the checks themselves looks the same. Source: Envoy, panic threshold.
 */
export class PanicWatch {
  /** From 0 to 100. */
  readonly #thresholdPercent: number;
  readonly #observer: PanicObserver;
  #members: readonly PanicMember[] = [];
  #panics = false;
  /** Of the members whose health is ignored; undefined: of all. */
  #priority: number | undefined;

  constructor(thresholdPercent: number, observer: PanicObserver) {
    this.#thresholdPercent = thresholdPercent;
    this.#observer = observer;
  }

  watch(members: readonly PanicMember[]): void {
    this.#members = members;
    this.look();
    this.#tell();
  }

  /** The state of a member has changed. */
  look(): void {
    const { priority, sound, all } = this.#serving();
    const panics = all > 0 && sound * 100 < this.#thresholdPercent * all;
    if (panics === this.#panics && (!panics || priority === this.#priority)) return;
    const isNews = panics !== this.#panics;
    this.#panics = panics;
    this.#priority = priority;
    if (isNews) this.#observer.panicChanged(panics, sound, all);
    this.#tell();
  }

  /** The members that serve: those of the first priority with one that passes its checks. Where none does, all of them. */
  #serving(): { readonly priority: number | undefined; readonly sound: number; readonly all: number } {
    let priority: number | undefined;
    for (const member of this.#members)
      if (member.sound && !member.isTakenOut && member.priority < (priority ?? Number.POSITIVE_INFINITY))
        priority = member.priority;
    let all = 0;
    let sound = 0;
    for (const member of this.#members) {
      if (member.isTakenOut || (priority !== undefined && member.priority !== priority)) continue;
      all += 1;
      if (member.sound) sound += 1;
    }
    return { priority, sound, all };
  }

  #tell(): void {
    const priority = this.#priority;
    for (const member of this.#members)
      member.panics = this.#panics && (priority === undefined || member.priority === priority);
  }
}
