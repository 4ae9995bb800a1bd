import { performance } from 'node:perf_hooks';

import type { HttpLimits } from '../config/schema/options.generated.ts';

/** When a generation ends, a connection without any request stays open until it is this old: its first request may be under way. */
const FIRST_REQUEST_MS = 2_000;
/**
 * Every other connection stays open for this long. A client that sends one request after the other has read its answer, and its next request is
 * under way: both take as long as the network between them, over continents some 300 ms, and busy machines at its ends.
 */
const NEXT_REQUEST_MS = 1_000;

/** How long a connection whose generation is over waits for one last request. */
export function lastRequestMs(requests: number, begunAtMs: number): number {
  if (requests > 0) return NEXT_REQUEST_MS;
  return Math.max(FIRST_REQUEST_MS - (performance.now() - begunAtMs), NEXT_REQUEST_MS);
}

/** Whether the limits allow a connection, which has begun `requests` requests, to serve another one. */
export function mayServeMore(limits: HttpLimits, requests: number, begunAtMs: number): boolean {
  const { requests_per_connection: mostRequests, connection_age: longestMs } = limits;
  if (mostRequests > 0 && requests >= mostRequests) return false;
  return longestMs === 0 || performance.now() - begunAtMs < longestMs;
}
