import type { SecureContext } from 'node:tls';

import { setTicketKeys, useTicketKeys, type TicketKeys, type TicketWatch } from '../../node/tls-internals.ts';
import type { TicketSet } from './ticket-set.ts';

/**
 * The keys by which session tickets are made and opened. All contexts that share a ring open each other's tickets, so a client resumes its
 * session after an edit, and with whichever certificate.
 */
export interface TicketKeyRing extends TicketKeys {
  /** The keys of contexts that can't ask for the key of each ticket: 48 bytes, the same as long as the ring lives. */
  readonly fixed: Buffer;
  /** How long the key that makes new tickets has been in use; undefined while no ticket was made. */
  readonly ageMs: number | undefined;
  /** The tickets of clients that were refused, where several threads share the keys. Default: each context knows its own */
  readonly refused?: TicketSet | undefined;
}

/**
 * Has a context use the keys of a ring. A version of Node.js that can't ask for a key gets the one that does not change, so that sessions
 * are resumed over edits there too.
 */
export function attachTicketKeys(context: SecureContext, ring: TicketKeyRing, watch?: TicketWatch): void {
  if (!useTicketKeys(context, ring, watch)) setTicketKeys(context, ring.fixed);
}
