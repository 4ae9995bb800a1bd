import type { BalanceError, ErrorCode } from '../../errors.ts';
import type { LogSubject } from '../../plugin-api/index.ts';
import type { QueueRecord } from '../../readings/upstream.ts';
import type { PassReason } from '../backend/backend-state.ts';
import type { Member } from './member.ts';

/**
 * Is told of each step of the requests for one upstream. Today it makes logs and the metrics of queues; circuit breakers and outlier
 * ejection can be made from it too. Called on the data path: it must be quick, and must not throw.
 */
export interface UpstreamObserver {
  /** A request was not given to `member`. With reason `failed`, connecting to it failed with `error`: nothing was sent. */
  passedOver(request: LogSubject, member: Member, reason: PassReason, error: BalanceError | undefined): void;
  /** A lease has left the queue, or found no place in it. */
  queueEnded(record: QueueRecord): void;
  /**
   * An exchange or a tunnel with `member` is over. When absent, leases do not read the clock.
   *
   * @param error what went wrong, whoever was to blame; undefined when nothing did
   * @param status the status of the response; 0 where there was none
   * @param heldMs time since the lease got its channel
   */
  exchanged?(member: Member, error: ErrorCode | undefined, status: number, heldMs: number): void;
}
