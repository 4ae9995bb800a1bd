import type { HandStates } from '../../upstream/standing/hand-states.ts';
import type { HealthFeed } from '../../health/watch/health-feed.ts';
import type { BackendContexts } from '../../net/dial/tls/backend-contexts.ts';
import { bindAddresses } from '../../net/dns/bind-addresses.ts';
import type { HostNames } from '../../net/dns/host-names.ts';
import { OwnSockets } from '../../net/listen/sockets/own-sockets.ts';
import type { SocketOpener } from '../../net/listen/sockets/socket-opener.ts';
import { DescriptorCopier } from '../../net/node/descriptors/descriptor-copier.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import type { TicketKeyRing } from '../../net/tls/contexts/ticket-key-ring.ts';
import { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import { OverloadGuard } from '../../net/overload/overload-guard.ts';
import { TunnelStats } from '../../net/tunnel/tunnel-stats.ts';
import type { WorkerSlots } from '../../shared/worker-slots.ts';
import type { Logger, OwnMetrics } from '../../plugin-api/index.ts';
import { DrainingGenerations } from '../generation/draining-generations.ts';
import { GenerationBuilder } from '../generation/generation-builder.ts';
import { LiveView } from '../generation/live-view.ts';
import { LayerBuilder, type HandshakeShare } from '../layers/listener-layers.ts';
import { ListenerTable } from '../listeners/listener-table.ts';
import { Registry } from '../upstreams/registry.ts';
import type { RuntimeTelemetry } from '../upstreams/runtime-telemetry.ts';
import type { ReferredPlugins } from '../../plugins/plugin-reference.ts';
import type { KnownNameStates } from './readings/proxy-reader.ts';
import type { ProxyParts } from './in-process-proxy.ts';

/** Ids that must agree, or differ, over all that serve the clients of one proxy. So they are made where all of these are known. */
export interface ProxyIds {
  /** The same for all; as `ProtocolHost.proxyId`. */
  readonly proxyId: string;
  /** Numbers connections: no two have the same number, and each gets a higher one than those before it. */
  readonly nextConnectionId: () => number;
  /** Readings get numbers above this one: those of several that serve clients are told apart by them. */
  readonly lastReadingId: number;
}

/** What the moving parts are made with. */
export interface ProxyEnvironment {
  readonly ids: ProxyIds;
  readonly logger: Logger;
  readonly telemetry: RuntimeTelemetry;
  readonly names: HostNames & KnownNameStates;
  readonly resources: ProcessResources;
  /** Opens the sockets of listeners. Default: this thread binds them. */
  readonly sockets?: SocketOpener | undefined;
  /** What is shared with other workers. Default: there are none. */
  readonly slots?: WorkerSlots | undefined;
  /** What the workers share about TLS handshakes. Default: there is only this one. */
  readonly handshakes?: HandshakeShare | undefined;
  /** The keys of the session tickets of all listeners. */
  readonly ticketKeys: TicketKeyRing;
  readonly plugins: ReferredPlugins;
  /** Answers the listener that the config makes a metrics server. */
  readonly metricsPage: OwnMetrics['page'];
  /** How healthy backends are. */
  readonly health: HealthFeed;
  /** What operators have set backends to. */
  readonly hands: HandStates;
  /** What TLS to backends is made with. */
  readonly contexts: BackendContexts;
  /** Random numbers from 0 to below 1, for balancers. Default: `Math.random`. */
  readonly chance?: (() => number) | undefined;
}

/** Makes everything that moves bytes, with nothing live yet. */
export function createProxyParts(environment: ProxyEnvironment): ProxyParts {
  const { ids, logger, telemetry, names, resources, plugins, metricsPage, chance, slots } = environment;
  const live = new LiveView();
  const buffers = new ReadBuffers();
  const tunnels = new TunnelStats();
  const overload = new OverloadGuard(logger);
  const listeners = new ListenerTable({
    buffers,
    logger,
    sockets: environment.sockets ?? new OwnSockets(new DescriptorCopier()),
    slots,
    nextConnectionId: ids.nextConnectionId,
    telemetry,
    bindAddresses: bindAddresses(names),
    resources,
    overload,
  });
  const { health, contexts, hands } = environment;
  const registry = new Registry({ names, health, contexts, slots, logger, hands });
  const draining = new DrainingGenerations(listeners, logger);
  const builder = new GenerationBuilder({
    proxyId: ids.proxyId,
    workers: environment.handshakes?.workers ?? 1,
    registry,
    names,
    buffers,
    logger,
    telemetry,
    tunnels,
    resources,
    chance,
    health: () => live.health(),
    overload,
    metricsPage,
    layers: new LayerBuilder(logger, environment.ticketKeys, telemetry, environment.handshakes),
  });
  const { lastReadingId } = ids;
  return {
    live,
    lastReadingId,
    builder,
    listeners,
    draining,
    registry,
    tunnels,
    names,
    resources,
    overload,
    plugins,
    logger,
  };
}
