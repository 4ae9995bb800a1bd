import { HealthBoard } from '../../../src/health/health-board.ts';
import { BackendContexts } from '../../../src/net/dial/tls/backend-contexts.ts';
import type { HostNames } from '../../../src/net/dns/host-names.ts';
import type { Logger } from '../../../src/plugin-api/index.ts';
import type { RegistryParts } from '../../../src/runtime/upstreams/registry.ts';

/** What a registry works with where a test needs no more than names and a log. */
export function registryParts(logger: Logger, names: HostNames): RegistryParts {
  const contexts = new BackendContexts();
  return { logger, names, contexts, health: new HealthBoard({ logger, names, contexts }) };
}
