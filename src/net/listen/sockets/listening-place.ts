import { isIP } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import type { Endpoint } from '../../../plugin-api/index.ts';
import { UNIX_END } from '../../transport/endpoints.ts';

/** How many connections may wait to be accepted. */
export const BACKLOG = 4096;

const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** 0 for a unix socket. */
export function portOf(address: Address): number {
  return address.kind === 'tcp' ? address.port : 0;
}

/** Our end of each connection that is accepted there; undefined when that depends on the connection. */
export function localEndAt(bound: Address): Endpoint | undefined {
  if (bound.kind === 'unix') return UNIX_END;
  return isIP(bound.host) === 0 || ALL_ADDRESSES.has(bound.host)
    ? undefined
    : { address: bound.host, port: bound.port };
}
