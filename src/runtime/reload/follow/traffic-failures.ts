import { isClientFault } from '../../../errors.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/index.ts';

/** Whether an exchange failed by no fault of its client. */
export function exchangeFailed({ status, error }: ExchangeRecord): boolean {
  return status >= 500 || (error !== undefined && !isClientFault(error));
}

/** Whether a tunnel failed by no fault of its client. */
export function tunnelFailed({ error }: TunnelRecord): boolean {
  return error !== undefined && !isClientFault(error) && error !== 'idle_timeout';
}
