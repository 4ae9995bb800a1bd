import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { KeySource, StickySource, UpstreamRecovery } from '../../plugin-api/index.ts';
import type { Balancer } from '../balancer/contract/balancer.ts';
import type { Member } from './member.ts';
import type { PanicOptions } from '../standing/panic-watch.ts';
import type { UpstreamObserver } from './upstream-observer.ts';
import type { Sessions } from '../stickiness/sessions.ts';
import type { SlowStartRules } from '../slow-start/slow-start.ts';
import type { UpstreamShare } from '../sharing/upstream-share.ts';

/** An upstream that must stay for as long as a lease runs. */
export interface LeaseHome {
  hold(): void;
  release(): void;
}

/** The settings of an upstream. Its members are set by {@link UpstreamGroup.setMembers}. */
export interface UpstreamOptions {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  /**
   * Makes a balancer if {@link UpstreamGroup.setMembers} brought none, or after {@link UpstreamGroup.drain} cleared it.
   *
   * @param ownTurns whether it shares no turns with other workers. Default: it shares what the upstream shares
   */
  readonly makeBalancer: (members: readonly Member[], ownTurns?: boolean) => Balancer<Member>;
  readonly readTimeoutMs: number;
  /** As of `Upstream.perClient` of the plugin API. Default: false. */
  readonly perClient?: boolean | undefined;
  /** As of `Upstream.secure` of the plugin API. Default: false. */
  readonly secure?: boolean | undefined;
  /** As of `Upstream.recovery` of the plugin API. Default: none. */
  readonly recovery?: UpstreamRecovery | undefined;
  /** How many leases may wait at a time for a backend with room. */
  readonly queueSize: number;
  /** How long a lease may wait while backends are at their limit. */
  readonly queueTimeoutMs: number;
  /** How long a lease may wait while pools are full. */
  readonly poolTimeoutMs: number;
  /** When health is ignored, as too few members pass their checks. Default: never. */
  readonly panic?: PanicOptions | undefined;
  /** How backends that have come up get their part of the requests. Default: at once. */
  readonly slowStart?: SlowStartRules | undefined;
  /** By what clients are known, and which of the members they belong to. Default: clients are not kept at their backends. */
  readonly sticky?: { readonly source: StickySource; readonly sessions: Sessions<Member> } | undefined;
  /** Default: nothing is observed. */
  readonly observer?: UpstreamObserver | undefined;
  /** Called when a protocol throws in `leased`, `refused` or `connectFailed`. */
  readonly onFault: FaultHandler;
  /** What it shares with other workers. Default: there are none. */
  readonly share?: UpstreamShare | undefined;
  /** Held while a lease runs that came from an earlier group. Default: nothing is held. */
  readonly home?: LeaseHome | undefined;
}
