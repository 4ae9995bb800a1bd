import { logIrregular } from '../records/exchange-lines.ts';
import type { ExchangeFacts } from '../records/exchange-facts.ts';
import type { ParserFault } from '../h1/parse/parser-fault.ts';

/** Most backends that are remembered, because a service discovery could bring new names without end. */
const MOST_REMEMBERED = 1_000;

/**
 * Tells the operator once a backend that its responses depart from the grammar of HTTP. They are served, but each costs a
 * new connection, which is worth knowing.
 */
export class IrregularBackends {
  readonly #told = new Set<string>();

  note(exchange: ExchangeFacts, oddity: ParserFault): void {
    const { backendName } = exchange;
    if (this.#told.has(backendName) || this.#told.size >= MOST_REMEMBERED) return;
    this.#told.add(backendName);
    logIrregular(exchange, oddity);
  }
}
