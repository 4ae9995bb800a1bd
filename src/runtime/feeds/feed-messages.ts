import type { CheckedBackend } from '../../health/watch/health-feed.ts';
import type { NameState } from '../../net/dns/name-record.ts';
import type { AgentSays, CheckProgress } from '../../readings/upstreams/health.ts';
import type { HandEntry } from '../../upstream/standing/hand-state.ts';
import type { KeyRingState } from '../../net/tls/contexts/key-ring-state.ts';

/** A backend whose health a worker watches, by a number of the worker's own. */
export interface HealthWatch {
  readonly id: number;
  readonly backend: CheckedBackend;
}

/** A host name whose addresses a worker watches, by a number of the worker's own. */
export interface NameWatch {
  readonly id: number;
  readonly host: string;
}

/** What a worker watches from now on, what of it got traffic, and what it does not watch any more. No two watches of a worker have the same number. */
export interface FeedReport {
  readonly kind: 'watch';
  readonly health: readonly HealthWatch[];
  readonly names: readonly NameWatch[];
  /** Watches of health whose backends got traffic. */
  readonly used: readonly number[];
  readonly ended: readonly number[];
}

/** The health of a backend, as its checks and its agent found it. As `MemberHealth`. */
export interface HealthState {
  readonly healthy: boolean;
  readonly changedAtMs: number | undefined;
  readonly lastCheckAtMs: number | undefined;
  readonly lastError: string | undefined;
  readonly progress: CheckProgress | undefined;
  readonly agent: AgentSays | undefined;
}

/** New states of what a worker watches, by the numbers of its watches. */
export interface FeedStates {
  readonly kind: 'feed';
  readonly health: readonly (readonly [id: number, state: HealthState])[];
  readonly names: readonly (readonly [id: number, state: NameState])[];
}

/** What the supervisor tells a worker about feeds, without being asked. */
export type FeedTold =
  | FeedStates
  | { readonly kind: 'ticket-keys'; readonly keys: KeyRingState }
  /** All states that operators have set. */
  | { readonly kind: 'hand-states'; readonly entries: readonly HandEntry[] };

/** The result of one look-up of a host name. */
export interface LookedUp {
  readonly addresses: readonly string[];
  /** Why there are no addresses. */
  readonly failure: string | undefined;
}
