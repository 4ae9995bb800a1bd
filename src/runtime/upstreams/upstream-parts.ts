import type { Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import { parseHashKey } from '../../config/values/hash-key.ts';
import type { HostNames } from '../../net/dns/host-names.ts';
import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import type { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import type { Ref } from '../../net/resources/ref-counted-map.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { BackendSource } from '../../upstream/backend/backend-source.ts';
import type { Chance } from '../../upstream/balancer/contract/balancer.ts';
import type { SharedTurns } from '../../upstream/balancer/contract/shared-turns.ts';
import { createBalancer } from '../../upstream/balancer/create-balancer.ts';
import type { UpstreamOptions } from '../../upstream/group/upstream-options.ts';
import type { PanicShare } from '../../upstream/sharing/panic-share.ts';
import type { Registry } from './registry.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';
import { panicPercentOf, slowStartOf } from './standing-rules.ts';
import { UpstreamReports } from './upstream-reports.ts';

/** The parts of the process that upstreams are built from. */
export interface UpstreamParts {
  readonly registry: Registry;
  readonly names: HostNames;
  readonly buffers: ReadBuffers;
  readonly logger: Logger;
  readonly telemetry: RuntimeTelemetry;
  readonly resources?: ProcessResources | undefined;
  /** The source of an upstream's backends. Default: the list in its config. */
  readonly sourceOf?: ((config: UpstreamConfig) => BackendSource) | undefined;
  /** The source of random numbers for balancers. Default: `Math.random`. */
  readonly chance?: Chance | undefined;
}

/**
 * What a group of the config's upstream is made with, but for what it shares with other groups.
 *
 * @param panics tells of its panics; undefined where health always counts
 */
export function groupOptionsOf(
  config: UpstreamConfig,
  { logger, telemetry }: UpstreamParts,
  onFault: FaultHandler,
  panics: PanicShare | undefined,
): Omit<UpstreamOptions, 'makeBalancer'> {
  const { load_balancer: loadBalancer, queue } = config;
  const { hash_key: hashKey } = loadBalancer;
  return {
    name: config.name,
    algorithm: loadBalancer.algorithm,
    keySource: hashKey === undefined ? undefined : parseHashKey(hashKey),
    readTimeoutMs: config.timeouts.read,
    perClient: config.proxy_protocol !== undefined,
    secure: config.tls !== undefined,
    queueSize: queue.max_size,
    queueTimeoutMs: queue.timeout,
    poolTimeoutMs: config.connection_pool.acquire_timeout,
    panic: panics && { thresholdPercent: panicPercentOf(config), observe: () => panics.join() },
    slowStart: slowStartOf(config),
    observer: new UpstreamReports(config.name, logger, telemetry),
    onFault,
  };
}

/** Makes balancers of the config's upstream. @param turns what they share with other workers; undefined where there are none */
export function balancerMaker(
  { load_balancer: settings }: UpstreamConfig,
  { chance }: UpstreamParts,
  turns: SharedTurns | undefined,
): UpstreamOptions['makeBalancer'] {
  return (members, ownTurns = false) => {
    const shared = ownTurns && turns !== undefined ? { ...turns, turn: undefined } : turns;
    return createBalancer(settings, members, chance, shared);
  };
}

/** What tells of panics of the upstream, over edits and workers; undefined where health always counts. */
export function panicsOf(config: UpstreamConfig, { standings }: Registry): Ref<PanicShare> | undefined {
  return panicPercentOf(config) > 0 ? standings.panics(config.name) : undefined;
}
