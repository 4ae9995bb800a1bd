import type { ExchangeRecord } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition.ts';
import type { Series } from '../exposition.ts';
import type { MetricsSnapshot } from '../metrics-snapshot.ts';
import { NamedThings } from './named-things.ts';

/** A protocol of somebody else may name its rules as it likes: so many of a listener and a side have a series of their own. */
const MOST_RULES = 64;
/** The `rule` label of all others. */
const OTHER_RULE = 'other';

/** The rules of one listener that were broken, by side. */
type Sides = Record<'request' | 'response', Map<string, number>>;

/** Messages that were refused, by listener, side and rule. */
export class RefusalCounters {
  readonly #byListener: NamedThings<Sides>;

  /** `listeners` are the names that there are. */
  constructor(listeners: () => Iterable<string>) {
    this.#byListener = new NamedThings(listeners, () => ({ request: new Map(), response: new Map() }));
  }

  count({ listener, refusal }: ExchangeRecord): void {
    if (refusal === undefined) return;
    const sides = this.#byListener.of(listener);
    const rules = refusal.side === 'response' ? sides.response : sides.request;
    const rule = rules.has(refusal.rule) || rules.size < MOST_RULES ? refusal.rule : OTHER_RULE;
    rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }

  /** A listener that is gone takes its series along. */
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
