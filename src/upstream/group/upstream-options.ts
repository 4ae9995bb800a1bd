import type { DialOptions } from '../../net/dial/dial.ts';
import type { KeySource } from '../../plugin-api/index.ts';
import type { Balancer } from '../balancer/balancer.ts';
import type { Member } from '../member.ts';
import type { PassListener } from './passed-over.ts';
import type { LeaseHome } from '../socket-lease.ts';

/** How a wait for a backend below its limit ended: also that of one who was refused because too many waited. */
export interface QueueEnd {
  readonly upstream: string;
  readonly outcome: 'served' | 'timeout' | 'pool_timeout' | 'left' | 'refused';
  readonly waitedMs: number;
}

export interface UpstreamOptions {
  readonly name: string;
  readonly algorithm: string;
  readonly keySource: KeySource | undefined;
  readonly balancer: Balancer<Member>;
  /** Makes the balancer once more, for who still asks after {@link UpstreamGroup.retire} let go of it. */
  readonly remakeBalancer?: () => Balancer<Member>;
  readonly members: readonly Member[];
  readonly readTimeoutMs: number;
  /** Leases that may wait at a time for a backend below its limit. */
  readonly queueSize: number;
  /** How long one may wait while backends are at their limit. */
  readonly queueTimeoutMs: number;
  /** How long one may wait while pools are full. */
  readonly poolTimeoutMs: number;
  readonly queueEnded?: ((end: QueueEnd) => void) | undefined;
  readonly passedOver?: PassListener | undefined;
  readonly dial: DialOptions;
  /** What has to stay as long as a lease runs whose request came by an earlier group. Default: nothing has to. */
  readonly home?: LeaseHome | undefined;
}
