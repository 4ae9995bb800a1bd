import type { BalanceError } from '../../errors.ts';
import { callPlugin } from '../../net/faults/plugin-call.ts';
import type { Backend, Lease, LeaseRequest } from '../../plugin-api/index.ts';

/** A request as a plugin may have written it: its callbacks should finish before they return, but may return a promise instead. */
export interface AnyRequest {
  leased(lease: Lease): unknown;
  refused(error: BalanceError): unknown;
  connectFailed?(backend: Backend, error: BalanceError): unknown;
}

/** Gets what a callback throws, or rejects with. */
type Failed = (error: unknown) => void;

export function tellRefused(request: LeaseRequest, error: BalanceError, failed: Failed): void {
  const anyRequest: AnyRequest = request;
  callPlugin(() => anyRequest.refused(error), failed);
}

export function tellConnectFailed(
  request: LeaseRequest,
  backend: Backend,
  error: BalanceError,
  failed: Failed,
): void {
  const anyRequest: AnyRequest = request;
  callPlugin(() => anyRequest.connectFailed?.(backend, error), failed);
}

/** Tells a plugin what it asked for with `findOutIfGone`. */
export function tellFound(done: (isGone: boolean) => unknown, isGone: boolean, failed: Failed): void {
  callPlugin(() => done(isGone), failed);
}
