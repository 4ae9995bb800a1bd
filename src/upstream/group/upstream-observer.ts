import type { BalanceError } from '../../errors.ts';
import type { LogSubject } from '../../plugin-api/index.ts';
import type { QueueRecord } from '../../readings/upstreams/upstream.ts';
import type { PassReason } from '../backend/backend-state.ts';
import type { Member } from './member.ts';

/**
 * Is told of the requests for one upstream: it makes logs and the metrics of queues. What becomes of leases is told to `LeaseOutcomes`. Called on the data path: it must be quick, and must not throw.
 */
export interface UpstreamObserver {
  /** A request was not given to `member`. With reason `failed`, connecting to it failed with `error`: nothing was sent. */
  passedOver(request: LogSubject, member: Member, reason: PassReason, error: BalanceError | undefined): void;
  /** A lease has left the queue, or found no place in it. */
  queueEnded(record: QueueRecord): void;
}
