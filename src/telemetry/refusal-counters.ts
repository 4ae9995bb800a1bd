import type { ExchangeRecord } from '../plugin-api/telemetry.ts';
import { labelText } from './exposition.ts';
import type { Series } from './exposition.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

/** A protocol of somebody else may name its rules as it likes: so many of a listener and a side have a series of their own. */
const MOST_RULES = 64;
/** The `rule` label of all others. */
const OTHER_RULE = 'other';

/** Messages that were refused, by listener, side and rule. */
export class RefusalCounters {
  readonly #byListener = new Map<string, Record<'request' | 'response', Map<string, number>>>();

  count({ listener, refusal }: ExchangeRecord): void {
    if (refusal === undefined) return;
    let sides = this.#byListener.get(listener);
    if (sides === undefined) {
      sides = { request: new Map(), response: new Map() };
      this.#byListener.set(listener, sides);
    }
    const rules = refusal.side === 'response' ? sides.response : sides.request;
    const rule = rules.has(refusal.rule) || rules.size < MOST_RULES ? refusal.rule : OTHER_RULE;
    rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }

  /** A listener that is gone takes its series along. */
  forgetOthers({ listeners }: MetricsSnapshot): void {
    for (const listener of this.#byListener.keys())
      if (!listeners.has(listener)) this.#byListener.delete(listener);
  }

  *series({ listeners }: MetricsSnapshot): Iterable<Series> {
    for (const [listener, sides] of this.#byListener) {
      if (!listeners.has(listener)) continue;
      for (const side of ['request', 'response'] as const)
        for (const [rule, value] of sides[side]) yield { labels: labelText({ listener, side, rule }), value };
    }
  }
}
