import { takesEverybody } from '../../plugin-api/values/takes-everybody.ts';
import type { Path } from '../problems/problem.ts';
import { parseAddress } from '../values/address.ts';
import type { CheckContext } from './check-context.ts';

/** A listener that demands PROXY headers says who sends them, and sockets that carry a client's address are not made ahead of time. */
export function checkProxyProtocol(context: CheckContext): void {
  const { listeners, upstreams } = context.config;
  for (const [index, { address, proxy_protocol: accepted }] of listeners.entries()) {
    if (accepted?.accept !== true) continue;
    // Whoever may connect to a unix socket is trusted.
    const isUnix = parseAddress(address).kind === 'unix';
    if (isUnix && accepted.trusted.length > 0)
      context.warn(
        ['listeners', index, 'proxy_protocol', 'trusted'],
        'has no effect: what connects to a unix socket is always trusted',
      );
    if (isUnix) continue;
    for (const [place, network] of accepted.trusted.entries())
      if (takesEverybody(network))
        context.warn(
          ['listeners', index, 'proxy_protocol', 'trusted', place],
          'trusts everybody: any client can send a PROXY header and claim any address',
        );
    if (accepted.trusted.length > 0) continue;
    context.error(
      ['listeners', index, 'proxy_protocol'],
      'needs trusted: the addresses and networks of the proxies that send the header, as in [10.0.0.0/8]',
    );
  }
  for (const [index, { connection_pool: pool, proxy_protocol: sent }] of upstreams.entries()) {
    if (sent === undefined || !pool.enabled || pool.min_idle === 0) continue;
    const path: Path = ['upstreams', index, 'connection_pool', 'min_idle'];
    context.warn(
      path,
      'has no effect with proxy_protocol: each connection begins with the address of one client',
    );
  }
}
