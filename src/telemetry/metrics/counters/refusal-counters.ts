import type { ExchangeRecord, MessageRefusal } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { CountersByName } from './counters-by-name.ts';

/** Number of rules of a listener and a side that have a series of their own. A protocol plugin may invent names of rules. */
const MOST_RULES = 64;
/** The `rule` label of all further rules. */
const OTHER_RULE = 'other';
const SIDES = ['request', 'response'] as const;

/** Refused messages of one listener by rule, separately for requests and responses. */
class ListenerRefusals implements AddableCounters {
  readonly request = new Map<string, number>();
  readonly response = new Map<string, number>();

  count({ side, rule }: MessageRefusal): void {
    const rules = side === 'response' ? this.response : this.request;
    const label = labelOf(rule, rules);
    rules.set(label, (rules.get(label) ?? 0) + 1);
  }

  read(into: CounterWriter): void {
    for (const side of SIDES) into.counts(this[side]);
  }

  add(from: CounterReader): void {
    for (const side of SIDES) from.addCounts(this[side], (rule) => labelOf(rule, this[side]));
  }
}

function labelOf(rule: string, rules: ReadonlyMap<string, number>): string {
  return rules.has(rule) || rules.size < MOST_RULES ? rule : OTHER_RULE;
}

/** Counts refused messages by listener, side and rule. */
export class RefusalCounters implements AddableCounters {
  readonly #byListener: CountersByName<ListenerRefusals>;

  /** @param listeners returns the names of the listeners that exist now */
  constructor(listeners: () => Iterable<string>) {
    this.#byListener = new CountersByName(listeners, () => new ListenerRefusals());
  }

  count({ listener, refusal }: ExchangeRecord): void {
    if (refusal !== undefined) this.#byListener.of(listener).count(refusal);
  }

  /** Forgets the counters of listeners that no longer exist. */
  forgetOthers({ listeners }: MetricsSnapshot): void {
    this.#byListener.forgetOthers(new Set(listeners.keys()));
  }

  read(into: CounterWriter): void {
    this.#byListener.read(into);
  }

  add(from: CounterReader): void {
    this.#byListener.add(from);
  }

  *series({ listeners }: MetricsSnapshot): Iterable<Series> {
    for (const listener of listeners.keys()) {
      const refusals = this.#byListener.get(listener);
      if (refusals === undefined) continue;
      for (const side of SIDES)
        for (const [rule, value] of refusals[side])
          yield { labels: labelText({ listener, side, rule }), value };
    }
  }
}
