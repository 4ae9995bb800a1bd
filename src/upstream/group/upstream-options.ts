import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { KeySource } from '../../plugin-api/index.ts';
import type { Balancer } from '../balancer/contract/balancer.ts';
import type { Member } from './member.ts';
import type { LeaseHome } from './upstream-lease.ts';
import type { UpstreamObserver } from './upstream-observer.ts';

/** What an upstream is made from; its members come by {@link UpstreamGroup.setMembers}. */
export interface UpstreamOptions {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  /** Makes a balancer where {@link UpstreamGroup.setMembers} brought none, or after {@link UpstreamGroup.drain} let go of it. */
  readonly makeBalancer: (members: readonly Member[]) => Balancer<Member>;
  readonly readTimeoutMs: number;
  /** Leases that may wait at a time for a backend with room. */
  readonly queueSize: number;
  /** How long a lease may wait while backends are at their limit. */
  readonly queueTimeoutMs: number;
  /** How long a lease may wait while pools are full. */
  readonly poolTimeoutMs: number;
  /** Default: nobody wants to know. */
  readonly observer?: UpstreamObserver | undefined;
  /** Told when a protocol throws where it is given or refused a lease. */
  readonly onFault: FaultHandler;
  /** What has to stay as long as a lease runs whose request came by an earlier group. Default: nothing has to. */
  readonly home?: LeaseHome | undefined;
}
