import { bindAddresses } from '../../net/dns/bind-addresses.ts';
import type { NameResolver } from '../../net/dns/name-resolver.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import { TunnelStats } from '../../net/tunnel/tunnel-stats.ts';
import type { Logger, OwnMetrics } from '../../plugin-api/index.ts';
import { DrainingGenerations } from '../generation/draining-generations.ts';
import { GenerationBuilder } from '../generation/generation-builder.ts';
import { LiveView } from '../generation/live-view.ts';
import { LayerBuilder } from '../layers/listener-layers.ts';
import { ListenerTable } from '../listeners/listener-table.ts';
import { Registry, type HealthChange } from '../upstreams/registry.ts';
import type { RuntimeTelemetry } from '../upstreams/runtime-telemetry.ts';
import type { LoadedPlugins, ProxyParts } from './in-process-proxy.ts';

/** What the moving parts are made with. */
export interface ProxyEnvironment {
  readonly logger: Logger;
  readonly telemetry: RuntimeTelemetry;
  readonly names: NameResolver;
  readonly resources: ProcessResources;
  readonly plugins: LoadedPlugins;
  /** Answers the listener that the config makes a metrics server. */
  readonly metricsPage: OwnMetrics['page'];
  /** Called when a health check finds that a backend went down or came back. Default: nobody is. */
  readonly observer?: { healthChanged(change: HealthChange): void } | undefined;
  /** Random numbers from 0 to below 1, for balancers. Default: `Math.random`. */
  readonly chance?: (() => number) | undefined;
}

/** Makes everything that moves bytes, with nothing live yet. */
export function createProxyParts(environment: ProxyEnvironment): ProxyParts {
  const { logger, telemetry, names, resources, plugins, metricsPage, observer, chance } = environment;
  const live = new LiveView();
  const buffers = new ReadBuffers();
  const tunnels = new TunnelStats();
  const listeners = new ListenerTable(buffers, logger, telemetry, bindAddresses(names), resources);
  const registry = new Registry(logger, names, telemetry, resources, observer?.healthChanged.bind(observer));
  const draining = new DrainingGenerations(listeners, logger);
  const layers = new LayerBuilder(logger, telemetry);
  const builder = new GenerationBuilder({
    registry,
    names,
    buffers,
    logger,
    telemetry,
    tunnels,
    resources,
    chance,
    health: () => live.health(),
    metricsPage,
    layers,
  });
  return { live, builder, layers, listeners, draining, registry, tunnels, names, resources, plugins, logger };
}
