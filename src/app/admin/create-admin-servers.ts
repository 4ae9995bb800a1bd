import { AdminServers } from '../../admin/admin-servers.ts';
import { EventLoopWatch } from '../../admin/diagnostics/event-loop-watch.ts';
import { get } from '../../admin/endpoint/admin-router.ts';
import { metricsEndpoint } from '../../admin/routes/probe-routes.ts';
import { bindAddresses } from '../../net/dns/bind-addresses.ts';
import type { NameResolver } from '../../net/dns/name-resolver.ts';
import type { SocketInheritance } from '../../net/listen/bind/socket-inheritance.ts';
import type { HandshakeObserver } from '../../readings/handshake.ts';
import { adminRoutes, type AdminSources } from './admin-routes.ts';

/** What the admin servers show and act on. */
export interface AdminParts extends Omit<AdminSources, 'eventLoop'> {
  /** Looks up the host names of their addresses. */
  readonly names: NameResolver;
  /** Hears of TLS handshakes. */
  readonly handshakes: HandshakeObserver;
  /** Sockets that listen already. */
  readonly inheritance: SocketInheritance | undefined;
}

/** Makes the admin and metrics servers. None is bound before a config asks for it. */
export function createAdminServers({ names, ...parts }: AdminParts): AdminServers {
  const { logger, version, metrics, handshakes, inheritance } = parts;
  const eventLoop = new EventLoopWatch();
  return new AdminServers({
    logger,
    bindAddresses: bindAddresses(names),
    inheritance,
    version,
    eventLoop,
    routes: adminRoutes({ ...parts, eventLoop }),
    handshakes,
    metrics: (path) => get(path, metricsEndpoint(metrics)),
  });
}
