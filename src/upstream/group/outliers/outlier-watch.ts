import type { Suspicion } from '../../standing/ejection.ts';
import type { Member } from '../member.ts';
import { mayEject } from './ejection-limit.ts';
import { PassiveChecks } from './passive-checks.ts';
import type { PassiveRules } from './passive-rules.ts';
import { slowMembers } from './slow-members.ts';
import { outlierBound, successRateOf, type IntervalCounts } from './success-rates.ts';

/** How soon an active check that passes ends an ejection. */
const LOOK_INTERVAL_MS = 1_000;
/** With more members than this, they are not counted again for each of many that fail while none may be ejected. */
const FEW_MEMBERS = 64;
/** So long none is ejected then. */
const SPARED_MS = 100;

/** The passive checks of an upstream: watches the outcomes of its members, and ejects those that fail too often. */
export class OutlierWatch {
  readonly #rules: PassiveRules;
  /** Called when a member should be ejected and may not be. */
  readonly #onSpared: (member: Member, reason: string) => void;
  readonly #checks = new Map<Member, PassiveChecks>();
  readonly #compare: NodeJS.Timeout;
  /** Set while a member is ejected. */
  #look: NodeJS.Timeout | undefined;
  /** Until then no member may be ejected, by `performance.now()`. */
  #sparesUntilMs = 0;

  constructor(rules: PassiveRules, onSpared: (member: Member, reason: string) => void) {
    this.#rules = rules;
    this.#onSpared = onSpared;
    this.#compare = setInterval(() => {
      this.#compareMembers();
    }, rules.times.forgiveMs).unref();
  }

  /** The members are these now. Returns the checks of a member, which its leases must tell their outcomes. */
  watch(members: readonly Member[]): void {
    const present = new Set(members);
    for (const member of this.#checks.keys()) if (!present.has(member)) this.#checks.delete(member);
    for (const member of members) if (!this.#checks.has(member)) this.#add(member);
    this.#lookLater();
  }

  /** The checks of a member, which hear of its outcomes; undefined for a stranger. */
  checksOf(member: Member): PassiveChecks | undefined {
    return this.#checks.get(member);
  }

  close(): void {
    clearInterval(this.#compare);
    clearInterval(this.#look);
    this.#checks.clear();
  }

  #add(member: Member): void {
    const { ejection } = member;
    if (ejection === undefined) return;
    const checks = new PassiveChecks(ejection, this.#rules, (suspicion) => {
      this.#suspect(member, suspicion);
    });
    this.#checks.set(member, checks);
  }

  #suspect(member: Member, suspicion: Suspicion): void {
    const { ejection } = member;
    if (ejection === undefined || ejection.isOut || !this.#checks.has(member)) return;
    if (!this.#mayEject(member)) this.#onSpared(member, suspicion.reason);
    else if (ejection.eject(suspicion)) this.#lookLater();
    this.#checks.get(member)?.clear();
  }

  #mayEject(suspect: Member): boolean {
    if (performance.now() < this.#sparesUntilMs) return false;
    const may = this.#countFor(suspect);
    if (!may && this.#checks.size > FEW_MEMBERS) this.#sparesUntilMs = performance.now() + SPARED_MS;
    return may;
  }

  #countFor(suspect: Member): boolean {
    let all = 0;
    let ejected = 0;
    let up = suspect.up ? 0 : 1;
    for (const member of this.#checks.keys()) {
      if (member.isTakenOut) continue;
      all += 1;
      // Another worker may have ejected it a moment ago.
      if (member.ejection?.isInForce === true) ejected += 1;
      // While the upstream panics, members are up that fail.
      else if (member.up && member.sound) up += 1;
    }
    return mayEject({ all, ejected, up }, this.#rules.maxEjectionPercent);
  }

  #compareMembers(): void {
    const counts = new Map([...this.#checks].map(([member, checks]) => [member, checks.takeInterval()]));
    // A wake of another worker may have been lost.
    for (const member of counts.keys()) member.ejection?.look();
    this.#compareRates(counts);
    this.#compareTimes(counts);
  }

  #compareRates(counts: ReadonlyMap<Member, IntervalCounts>): void {
    const { successRate } = this.#rules;
    if (successRate === undefined) return;
    const bound = outlierBound([...counts.values()], successRate);
    if (bound === undefined) return;
    for (const [member, count] of counts) {
      const rate = successRateOf(count);
      if (count.total >= successRate.minRequests && rate < bound)
        this.#suspect(member, {
          cause: 'success_rate',
          reason: `success rate ${percent(rate)}, while the others allow no less than ${percent(bound)}`,
        });
    }
  }

  #compareTimes(counts: ReadonlyMap<Member, IntervalCounts>): void {
    const { latency } = this.#rules;
    if (latency === undefined) return;
    for (const { member, meanMs, othersMs } of slowMembers(counts, latency))
      this.#suspect(member, {
        cause: 'latency',
        reason: `mean time to the first byte ${meanMs.toFixed(1)} ms, while the median of the others is ${othersMs.toFixed(1)} ms`,
      });
  }

  /** While any member is ejected, looks for active checks that pass. */
  #lookLater(): void {
    if (this.#look !== undefined) return;
    this.#look = setInterval(() => {
      this.#lookAtChecks();
    }, LOOK_INTERVAL_MS).unref();
  }

  #lookAtChecks(): void {
    let isAnyOut = false;
    for (const { ejection, health } of this.#checks.keys()) {
      if (ejection?.isOut !== true) continue;
      const { lastCheckAtMs = 0, lastError, healthy = false } = health ?? {};
      const hasPassed = healthy && lastError === undefined && lastCheckAtMs > (ejection.changedAtMs ?? 0);
      if (hasPassed) ejection.end('an active check passed');
      else isAnyOut = true;
    }
    if (isAnyOut) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}
