/** How a member may be counted. */
const OUT = 0;
const UNSOUND = 1;
const SOUND = 2;

/** Hears when the group of an upstream begins and ends to ignore the health of its backends. */
export interface PanicObserver {
  /**
   * Told also when the group goes live, and when it gets other members.
   *
   * @param sound backends that pass their checks
   * @param all backends that no operator has taken out
   */
  panicChanged(panics: boolean, sound: number, all: number): void;
  /** The group is not live any more. What is told later counts nowhere. */
  ended(): void;
}

/** How an upstream ignores the health of its members. */
export interface PanicOptions {
  /** It does while fewer of them pass their checks, from 0 to 100. */
  readonly thresholdPercent: number;
  /** The group goes live: makes what hears of it from then on. */
  readonly observe: () => PanicObserver;
}

/** A backend of the upstream, as the watch sees it. */
export interface PanicMember {
  /** Whether its checks find nothing wrong. */
  readonly sound: boolean;
  /** Whether it gets no requests whatever its checks find, as an operator or its agent says so, or its weight is 0. */
  readonly isKeptOut: boolean;
  /** 0 is used first. */
  readonly priority: number;
  /** Whether its checks are ignored. */
  panics: boolean;
}

/** How many members of one priority there are, without those that are kept out, and how many of them pass their checks. */
interface PriorityCounts {
  readonly priority: number;
  all: number;
  sound: number;
}

/**
 * Watches how many members pass their checks. While they are too few, the checks are ignored: to send all requests to the few that are left
 * would bring these down as well, and a fault of the checks themselves looks the same. Source: Envoy, panic threshold.
 */
export class PanicWatch {
  /** From 0 to 100. */
  readonly #thresholdPercent: number;
  readonly #observe: () => PanicObserver;
  /** undefined before the group goes live. */
  #observer: PanicObserver | undefined;
  #closed = false;
  #members: readonly PanicMember[] = [];
  /** Those with the lowest number first. */
  #counts: readonly PriorityCounts[] = [];
  /** By index of the member: what of it is counted. */
  #counted = new Uint8Array(0);
  #panics = false;
  /** Of the members whose health is ignored; undefined: of all. */
  #priority: number | undefined;

  constructor({ thresholdPercent, observe }: PanicOptions) {
    this.#thresholdPercent = thresholdPercent;
    this.#observe = observe;
  }

  /** From now on all is told. Before, an edit may still be taken back. To call it again does nothing. */
  goLive(): void {
    if (this.#observer !== undefined || this.#closed) return;
    this.#observer = this.#observe();
    this.#report();
  }

  /** The group is not live any more: nothing is watched and told. To call it again does nothing. */
  close(): void {
    this.#closed = true;
    this.#observer?.ended();
  }

  watch(members: readonly PanicMember[]): void {
    if (this.#closed) return;
    this.#members = members;
    this.#counted = new Uint8Array(members.length);
    const priorities = [...new Set(members.map(({ priority }) => priority))].sort((a, b) => a - b);
    this.#counts = priorities.map((priority) => ({ priority, all: 0, sound: 0 }));
    const counts = new Map(this.#counts.map((each) => [each.priority, each]));
    for (const [at, member] of members.entries()) this.#count(at, member, counts.get(member.priority));
    if (!this.#decide()) this.#report();
    this.#tell();
  }

  /** The state of the member at that index has changed. */
  look(at: number): void {
    const member = this.#members[at];
    if (member === undefined || this.#closed) return;
    const isNews = this.#count(
      at,
      member,
      this.#counts.find(({ priority }) => priority === member.priority),
    );
    if (isNews && this.#decide()) this.#tell();
  }

  /** Counts what a member is now instead of what it was. False when that is the same. */
  #count(at: number, { isKeptOut, sound }: PanicMember, counts: PriorityCounts | undefined): boolean {
    const before = this.#counted[at] ?? OUT;
    const now = isKeptOut ? OUT : sound ? SOUND : UNSOUND;
    if (counts === undefined || now === before) return false;
    this.#counted[at] = now;
    counts.all += Number(now !== OUT) - Number(before !== OUT);
    counts.sound += Number(now === SOUND) - Number(before === SOUND);
    return true;
  }

  /** Whether there is something to tell the members. */
  #decide(): boolean {
    const { priority, sound, all } = this.#serving();
    const panics = all > 0 && sound * 100 < this.#thresholdPercent * all;
    if (panics === this.#panics && (!panics || priority === this.#priority)) return false;
    const isNews = panics !== this.#panics;
    this.#panics = panics;
    this.#priority = priority;
    if (isNews) this.#report();
    return true;
  }

  #report(): void {
    const { sound, all } = this.#serving();
    this.#observer?.panicChanged(this.#panics, sound, all);
  }

  /** The members that serve: those of the first priority with one that passes its checks. Where none does, all of them. */
  #serving(): { readonly priority: number | undefined; readonly sound: number; readonly all: number } {
    const serving = this.#counts.find(({ sound }) => sound > 0);
    if (serving !== undefined) return serving;
    return { priority: undefined, sound: 0, all: this.#counts.reduce((sum, { all }) => sum + all, 0) };
  }

  #tell(): void {
    const priority = this.#priority;
    for (const member of this.#members)
      member.panics = this.#panics && (priority === undefined || member.priority === priority);
  }
}
