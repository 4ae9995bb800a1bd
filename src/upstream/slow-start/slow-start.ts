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

  /** The state of a member has changed, or time has passed. */
  look(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#now();
    const longest = this.#longestOf(now);
    let isAnyStarting = false;
    for (const [at, member] of this.#members.entries()) {
      const part = this.#partOf(member, now);
      if (part < 1 && member.up) isAnyStarting = true;
      const ramp = part / Math.max(part, longest.get(member.priority) ?? part);
      if (ramp === member.ramp) continue;
      member.ramp = ramp;
      this.#changed(at);
    }
    if (isAnyStarting) this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#members = [];
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

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.look();
    }, this.#stepMs).unref();
  }
}
