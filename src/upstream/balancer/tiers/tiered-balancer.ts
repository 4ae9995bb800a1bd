import type { Balancer, Candidate, PickContext } from '../contract/balancer.ts';
import type { Steps } from '../contract/steps.ts';
import { Tier } from './tier.ts';

/** Which candidates come before others. */
export interface Preference {
  /** Candidates of this zone come before others of the same priority. '' for none. */
  readonly zone: string;
  /** So long as this part of them is up, from 0 to 1. */
  readonly zoneMinUp: number;
}

/** The candidates of one priority. */
interface Level<C extends Candidate> {
  readonly priority: number;
  /** Those of the own zone; undefined where all or none of them are. */
  readonly near: Tier<C> | undefined;
  readonly all: Tier<C>;
}

/**
 * Lets candidates be used in the order of their priorities: those of the next one while none of the priority before is up that this
 * request has not tried. A candidate that is full is up: the request waits for it. Within a priority the own zone comes first, while
 * enough of it is up and one of it has room.
 */
export class TieredBalancer<C extends Candidate> implements Balancer<C> {
  /** In the order in which they are used. */
  readonly #levels: readonly Level<C>[];
  /** By index of a candidate: the index of its level. */
  readonly #levelOf: readonly number[];
  readonly #zoneMinUp: number;

  private constructor(levels: readonly Level<C>[], levelOf: readonly number[], zoneMinUp: number) {
    this.#levels = levels;
    this.#levelOf = levelOf;
    this.#zoneMinUp = zoneMinUp;
  }

  /** Whether candidates differ in what {@link TieredBalancer} is for. */
  static isNeeded(candidates: readonly Candidate[], { zone }: Preference): boolean {
    return new Set(candidates.map((candidate) => rankOf(candidate, zone))).size > 1;
  }

  /** @param make makes the balancer of some of the candidates: first of those that are used while all are up */
  static *of<C extends Candidate>(
    candidates: readonly C[],
    { zone, zoneMinUp }: Preference,
    make: (candidates: readonly C[]) => Steps<Balancer<C>>,
  ): Steps<TieredBalancer<C>> {
    const places = [...candidates.keys()];
    function* tierOf(chosen: readonly number[]): Steps<Tier<C>> {
      const own = chosen.flatMap((place) => candidates[place] ?? []);
      return new Tier(own, yield* make(own), chosen, candidates.length);
    }
    const levels: Level<C>[] = [];
    const priorities = [...new Set(candidates.map(({ priority }) => priority))].sort((a, b) => a - b);
    for (const priority of priorities) {
      const all = places.filter((place) => candidates[place]?.priority === priority);
      const near = all.filter((place) => zone !== '' && candidates[place]?.zone === zone);
      const isMixed = near.length > 0 && near.length < all.length;
      levels.push({ priority, near: isMixed ? yield* tierOf(near) : undefined, all: yield* tierOf(all) });
    }
    const order = new Map(priorities.map((priority, level) => [priority, level]));
    const levelOf = candidates.map(({ priority }) => order.get(priority) ?? 0);
    return new TieredBalancer(levels, levelOf, zoneMinUp);
  }

  pick(context: PickContext): C | undefined {
    for (const { near, all } of this.#levels) {
      const picked =
        (near?.isMostlyUp(this.#zoneMinUp) === true ? near.balancer.pick(context) : undefined) ??
        all.balancer.pick(context);
      if (picked !== undefined || all.hasUp(context.exclude)) return picked;
    }
    return undefined;
  }

  peek(context: PickContext): C | undefined {
    for (const { near, all } of this.#levels) {
      if (!all.hasUp(context.exclude)) continue;
      const isNear = near?.isMostlyUp(this.#zoneMinUp) === true && near.hasUp(context.exclude);
      return (isNear ? near : all).balancer.peek?.(context);
    }
    return undefined;
  }

  changed(at: number): void {
    const level = this.#levels[this.#levelOf[at] ?? 0];
    level?.near?.changed(at);
    level?.all.changed(at);
  }

  resume(previous: Balancer): void {
    if (!(previous instanceof TieredBalancer)) {
      this.#levels[0]?.all.balancer.resume?.(previous);
      return;
    }
    for (const { priority, near, all } of this.#levels) {
      const before = (previous as TieredBalancer<Candidate>).#levels.find(
        (level) => level.priority === priority,
      );
      if (before === undefined) continue;
      all.balancer.resume?.(before.all.balancer);
      if (before.near !== undefined) near?.balancer.resume?.(before.near.balancer);
    }
  }
}

function rankOf({ priority, zone }: Candidate, own: string): string {
  return `${String(priority)} ${String(own !== '' && zone === own)}`;
}
