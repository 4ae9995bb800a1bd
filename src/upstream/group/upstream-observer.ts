import type { BalanceError, ErrorCode } from '../../errors.ts';
import type { LogSubject } from '../../plugin-api/index.ts';
import type { QueueRecord } from '../../readings/upstream.ts';
import type { PassReason } from '../backend/backend-state.ts';
import type { Member } from './member.ts';

/**
 * Learns what becomes of the requests for one upstream. Logs and the metrics of queues are made from it; breakers and ejection of
 * backends can be. Called on the data path: it must be quick, and must not throw.
 */
export interface UpstreamObserver {
  /** A request was not given to `member`. With reason `failed`, connecting to it failed with `error`: nothing was sent. */
  passedOver(request: LogSubject, member: Member, reason: PassReason, error: BalanceError | undefined): void;
  /** A lease that waited in the queue waits no more, or a lease found no place in it. */
  queueEnded(record: QueueRecord): void;
  /**
   * An exchange or a tunnel with `member` is over. Absent: leases do not read the clock.
   *
   * @param error what went wrong, whoever was to blame; undefined when nothing did
   * @param status the status of the response; 0 where there was none
   * @param heldMs since the lease got its channel
   */
  exchanged?(member: Member, error: ErrorCode | undefined, status: number, heldMs: number): void;
}
