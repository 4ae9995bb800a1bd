import { randomUUID } from 'node:crypto';

import type { ProxyIds } from '../../runtime/worker/proxy-parts.ts';

/** The ids of a proxy whose clients are all served by the same parts. */
export function processIds(): ProxyIds {
  let connections = 0;
  return { proxyId: randomUUID(), nextConnectionId: () => (connections += 1), lastReadingId: 0 };
}
