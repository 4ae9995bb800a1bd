import { dirname, resolve } from 'node:path';

import { HealthBoard } from '../../health/health-board.ts';
import { BackendContexts } from '../../net/dial/tls/backend-contexts.ts';
import { bindAddresses } from '../../net/dns/bind-addresses.ts';
import { DescriptorHub } from '../../net/node/descriptors/descriptor-hub.ts';
import { runtimeWays } from '../../net/node/runtime-ways.ts';
import type { KnownNames } from '../../readings/proxy.ts';
import { WorkerFeeds } from '../../runtime/feeds/worker-feeds.ts';
import { SocketBroker } from '../../runtime/supervisor/sockets/socket-broker.ts';
import { logMissingWays } from '../../runtime/worker/log-missing-ways.ts';
import { CountersControl } from '../../telemetry/control/counters-control.ts';
import { BatchInput } from '../../telemetry/logs/remote/batch-input.ts';
import { collectGarbage } from '../parts/collect-garbage.ts';
import { startWorkers } from './start-workers.ts';
import type { Serving, ServingEnvironment } from './serving.ts';
import { WorkerSettings } from './worker-settings.ts';
import { WorkerTraffic } from './worker-traffic.ts';

/** Starts as many workers, each a thread that serves clients. Rejects when one of them can't be started. */
export async function serveByWorkers(environment: ServingEnvironment, count: number): Promise<Serving> {
  const {
    thread,
    names,
    resources,
    inheritance,
    ticketKeys,
    configFile,
    observer,
    chance,
    metricsPage,
    hands,
    plugins: probes,
  } = environment;
  const { logging, telemetry, instanceId } = thread;
  const { logger } = logging;
  const hub = new DescriptorHub();
  const sockets = new SocketBroker({
    hub,
    workers: count,
    bindAddresses: bindAddresses(names),
    inheritance,
    logger,
  });
  const traffic = new WorkerTraffic();
  const contexts = new BackendContexts();
  const health = new HealthBoard({ logger, names, contexts, telemetry, resources, observer, probes });
  const feeds = new WorkerFeeds({ health, names, hands, ticketKeys, logger });
  const known = (): KnownNames => control.known();
  const counters = new CountersControl(telemetry, known);
  const control = await startWorkers({
    workers: count,
    instanceId,
    logger,
    directory: dirname(resolve(configFile)),
    hub,
    sockets,
    chance,
    metricsPage,
    feeds,
    traffic,
    logInput: (say) => new BatchInput(logging, say),
    keepCounts: (counts) => {
      counters.counters.add(counts);
    },
    resources,
  });
  return {
    control,
    counters,
    records: traffic,
    settings: new WorkerSettings(count),
    started: () => {
      // Descriptors for bursts come by the hub, without which there are no workers.
      void logMissingWays(runtimeWays(), { whyNoBursts: () => Promise.resolve('') }, logger);
      void collectGarbage();
    },
  };
}
