import { HealthBoard } from '../../health/health-board.ts';
import { BackendContexts } from '../../net/dial/tls/backend-contexts.ts';
import { OwnSockets } from '../../net/listen/sockets/own-sockets.ts';
import { DescriptorCopier } from '../../net/node/descriptors/descriptor-copier.ts';
import { createMovingParts } from '../parts/moving-parts.ts';
import { processIds } from '../parts/process-ids.ts';
import { WorkerSettings } from './worker-settings.ts';
import type { Serving, ServingEnvironment } from './serving.ts';

/** Serves clients in this thread. */
export function serveHere({ observer, ...environment }: ServingEnvironment): Serving {
  const { thread, names, resources, inheritance, plugins } = environment;
  const { logging, telemetry } = thread;
  const { logger } = logging;
  const contexts = new BackendContexts();
  const { proxy, counters } = createMovingParts({
    ...environment,
    ids: processIds(),
    sockets: new OwnSockets(new DescriptorCopier(), inheritance),
    health: new HealthBoard({
      logger,
      names,
      contexts,
      telemetry,
      resources,
      observer,
      probes: plugins,
    }),
    contexts,
  });
  const started = (): void => void proxy.logMissingWays();
  const settings = new WorkerSettings(1);
  return { control: proxy, counters, records: telemetry, settings, started };
}
