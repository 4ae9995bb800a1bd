import type { ExchangeRecord } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import { CountersByName } from './counters-by-name.ts';

/** Number of rules of a listener and a side that have a series of their own. A protocol plugin may invent names of rules. */
const MOST_RULES = 64;
/** The `rule` label of all further rules. */
const OTHER_RULE = 'other';

/** Refused messages of one listener by rule, separately for requests and responses. */
type Sides = Record<'request' | 'response', Map<string, number>>;

/** Counts refused messages by listener, side and rule. */
export class RefusalCounters {
  readonly #byListener: CountersByName<Sides>;

  /** @param listeners returns the names of the listeners that exist now */
  constructor(listeners: () => Iterable<string>) {
    this.#byListener = new CountersByName(listeners, () => ({ request: new Map(), response: new Map() }));
  }

  count({ listener, refusal }: ExchangeRecord): void {
    if (refusal === undefined) return;
    const sides = this.#byListener.of(listener);
    const rules = refusal.side === 'response' ? sides.response : sides.request;
    const rule = rules.has(refusal.rule) || rules.size < MOST_RULES ? refusal.rule : OTHER_RULE;
    rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }

  /** Forgets the counters of listeners that no longer exist. */
  forgetOthers({ listeners }: MetricsSnapshot): void {
    this.#byListener.forgetOthers(new Set(listeners.keys()));
  }

  *series({ listeners }: MetricsSnapshot): Iterable<Series> {
    for (const listener of listeners.keys()) {
      const sides = this.#byListener.get(listener);
      if (sides === undefined) continue;
      for (const side of ['request', 'response'] as const)
        for (const [rule, value] of sides[side]) yield { labels: labelText({ listener, side, rule }), value };
    }
  }
}
