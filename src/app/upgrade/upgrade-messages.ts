import type { OfferedSocket } from '../../net/listen/bind/socket-inheritance.ts';
import type { HandEntry } from '../../upstream/standing/hand-state.ts';
import type { KeyRingState } from '../../net/tls/contexts/key-ring-state.ts';

/** Set in the environment of a process that is to take over. Its value is the version of the messages. */
export const TAKEOVER = 'BALANCE_TAKEOVER';
export const MESSAGES_VERSION = '2';

/** A process that drains. */
export interface DrainingProcess {
  readonly pid: number;
  readonly version: string;
  /** Together with the pid it names one process: see `process-state.ts`. */
  readonly startedAt: string;
  readonly sinceMs: number;
}

/** What goes on in the new process where the old one stopped. */
export interface Succession {
  /** The number of the generation that is live in the old process. */
  readonly generation: number;
  readonly ticketKeys: KeyRingState;
  readonly succeeded: number;
  readonly failed: number;
  /** What operators have set backends to. A version that knows nothing of that says nothing. */
  readonly hands?: readonly HandEntry[];
  /** The key of sticky cookies where the config gives none; absent where none was needed. */
  readonly sessionKey?: string | undefined;
  /** Processes before the old one that still drain, and the old one. */
  readonly draining: readonly DrainingProcess[];
}

/**
 * The descriptor from which the new process reads the {@link Offer}. It can do so also when the old one has died meanwhile; messages would be
 * lost then.
 */
export const OFFER_DESCRIPTOR = 4;

/** What the old version hands over. */
export interface Offer {
  readonly version: string;
  readonly pid: number;
  /** When the upgrade began. */
  readonly atMs: number;
  /** The numbers of descriptors are those in the new process. */
  readonly sockets: readonly OfferedSocket[];
  readonly succession: Succession;
}

/** From the old version to the new one. */
export type FromOld = { readonly kind: 'go' } | { readonly kind: 'cancel'; readonly reason: string };

/** From the new version to the old one. */
export type FromNew =
  | { readonly kind: 'ready'; readonly version: string; readonly node: string; readonly pid: number }
  | { readonly kind: 'serving' }
  | { readonly kind: 'failed'; readonly reason: string };

/** The `kind` of a message; '' for anything else that may come from another program. */
export function kindOf(message: unknown): string {
  const { kind } = (typeof message === 'object' && message !== null ? message : {}) as { kind?: unknown };
  return typeof kind === 'string' ? kind : '';
}
