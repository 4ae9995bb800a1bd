/** How the part of a backend grows. */
export interface SlowStartRules {
  /** After this time it gets its whole weight. */
  readonly windowMs: number;
  /** The part of its weight that it gets at first, from above 0 to 1. */
  readonly floor: number;
  /** 1: its part grows evenly. More: faster at first; less: slower at first. */
  readonly aggression: number;
}

/** A backend of the upstream, as its slow start sees it. */
export interface StartingMember {
  readonly weight: number;
  readonly priority: number;
  readonly up: boolean;
  readonly standing: {
    /** As of `MemberStanding`. */
    readonly becameUpAtMs: number | undefined;
  };
  /** The part of its weight that counts now: above 0, to 1. */
  ramp: number;
}

/** So often the parts grow in the window. */
const STEPS = 40;
const SHORTEST_STEP_MS = 25;
const LONGEST_STEP_MS = 1_000;
/** With more members than this, a change of one of them does not look at all of them each time. */
const FEW_MEMBERS = 256;
/** So long after a look at all members, changes of single ones wait for the next look. */
const PAUSE_MS = 25;

/**
 * Lets backends that have just come up get their part of the requests little by little: they may have cold caches. There is a timer only while
 * one of them does. Where all backends of a priority have just come up, nobody could take over what they do not get, so that only the
 * differences between them count: the one that is up longest gets its whole weight.
 *
 * Source: Envoy, slow start mode; HAProxy, slowstart.
 */
export class SlowStart {
  readonly #rules: SlowStartRules;
  readonly #changed: (at: number) => void;
  readonly #now: () => number;
  readonly #stepMs: number;
  #members: readonly StartingMember[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** By priority, as of the last look at all members: the part of the member that is up longest. */
  #longest: ReadonlyMap<number, number> = new Map();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** Whether changes wait for a look at all members. */
  #isDue = false;

  /**
   * @param changed called with the index of each member whose part has changed
   * @param now default: `performance.now()`
   */
  constructor(rules: SlowStartRules, changed: (at: number) => void, now = () => performance.now()) {
    this.#rules = rules;
    this.#changed = changed;
    this.#now = now;
    this.#stepMs = Math.min(LONGEST_STEP_MS, Math.max(SHORTEST_STEP_MS, rules.windowMs / STEPS));
  }

  watch(members: readonly StartingMember[]): void {
    this.#members = members;
    this.look();
  }

  /** The state of the member at that index has changed. Where thousands change at once, all of them are looked at once, and not for each. */
  memberChanged(at: number): void {
    const member = this.#members[at];
    const now = this.#now();
    if (member === undefined) return;
    if (this.#members.length <= FEW_MEMBERS || now - this.#lookedAtMs >= PAUSE_MS) {
      this.look();
      return;
    }
    this.#follow(at, member, now);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#wait(PAUSE_MS);
  }

  /** The state of any member may have changed, or time has passed. */
  look(): void {
    const now = this.#now();
    this.#isDue = false;
    this.#lookedAtMs = now;
    this.#longest = this.#longestOf(now);
    let isAnyStarting = false;
    for (const [at, member] of this.#members.entries())
      if (this.#follow(at, member, now)) isAnyStarting = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (isAnyStarting) this.#wait(this.#stepMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
    this.#members = [];
  }

  /** Gives a member the part that it has now. Returns whether that still grows. */
  #follow(at: number, member: StartingMember, now: number): boolean {
    const part = this.#partOf(member, now);
    const ramp = part / Math.max(part, this.#longest.get(member.priority) ?? part);
    if (ramp !== member.ramp) {
      member.ramp = ramp;
      this.#changed(at);
    }
    return part < 1 && member.up;
  }

  /** By priority: the part of the member that is up longest. */
  #longestOf(now: number): ReadonlyMap<number, number> {
    const longest = new Map<number, number>();
    for (const member of this.#members) {
      if (!member.up || member.weight === 0) continue;
      const part = this.#partOf(member, now);
      longest.set(member.priority, Math.max(part, longest.get(member.priority) ?? 0));
    }
    return longest;
  }

  #partOf({ standing: { becameUpAtMs } }: StartingMember, now: number): number {
    if (becameUpAtMs === undefined) return 1;
    const { windowMs, floor, aggression } = this.#rules;
    const passed = (now - becameUpAtMs) / windowMs;
    if (passed >= 1) return 1;
    return Math.max(floor, Math.max(0, passed) ** (1 / aggression));
  }

  #wait(forMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.look();
    }, forMs).unref();
  }
}
