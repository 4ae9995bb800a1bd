import { randomUUID } from 'node:crypto';
import type { Config } from '../../config/schema/config.generated.ts';
import type { LoadedConfig } from '../../config/load/load-config.ts';
import { namedFiles } from '../../config/load/loaded-config.ts';
import { dirname, resolve } from 'node:path';
import { NO_CHECKS } from '../../health/watch/health-feed.ts';
import { BackendContexts } from '../../net/dial/tls/backend-contexts.ts';
import { NO_NAMES } from '../../net/dns/host-names.ts';
import { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import { TunnelStats } from '../../net/tunnel/tunnel-stats.ts';
import type { Logger, TelemetrySink } from '../../plugin-api/index.ts';
import { GenerationBuilder, type Protocols } from '../generation/generation-builder.ts';
import { Registry } from '../upstreams/registry.ts';
import type { ExplainedPlan } from './explain.ts';
import { generationPlan } from './generation-plan.ts';

const NOTHING = (): void => undefined;
const NO_TELEMETRY: TelemetrySink = {
  detailed: false,
  tracer: undefined,
  exchange: NOTHING,
  tunnel: NOTHING,
};

/** A plan that answers questions and never runs. */
export interface OfflinePlan extends ExplainedPlan {
  close(): void;
}

/** The plugins that a config is built with. */
export interface OfflinePlugins extends Protocols {
  /** The config with the defaults of their schemas in the options of strangers' plugins. */
  filled(config: Config): Config;
}

/**
 * Builds a config as a start would, but binds no address, connects to no backend and checks no health.
 *
 * @throws BalanceError when a start would fail at building too
 */
export async function buildOffline(
  loaded: LoadedConfig,
  plugins: OfflinePlugins,
  logger: Logger,
): Promise<OfflinePlan> {
  const builder = new GenerationBuilder({
    proxyId: randomUUID(),
    workers: 1,
    registry: new Registry({ names: NO_NAMES, health: NO_CHECKS, contexts: new BackendContexts(), logger }),
    names: NO_NAMES,
    buffers: new ReadBuffers(),
    logger,
    telemetry: NO_TELEMETRY,
    tunnels: new TunnelStats(),
    health: () => ({ status: 200, body: '' }),
    metricsPage: () => Promise.resolve({ contentType: '', headers: {}, body: Buffer.alloc(0) }),
  });
  const directory = dirname(resolve(loaded.file));
  const files = namedFiles(loaded);
  const config = inert(plugins.filled(loaded.config));
  const source = { id: 1, config, hash: loaded.hash, directory, files, protocols: plugins };
  const generation = await builder.build(source);
  return {
    ...generationPlan(generation, new Map(), false),
    config: loaded.config,
    close: () => {
      generation.destroy();
    },
  };
}

/** The config without health checks and warm connections, which would contact backends. */
function inert(config: Config): Config {
  return {
    ...config,
    upstreams: config.upstreams.map(({ health_check: _, ...upstream }) => ({
      ...upstream,
      connection_pool: { ...upstream.connection_pool, min_idle: 0 },
    })),
  };
}
