import { randomUUID } from 'node:crypto';

import { NameResolver } from '../net/dns/name-resolver.ts';
import { ProcessResources } from '../net/resources/process-resources.ts';
import { RotatingKeyRing } from '../net/tls/contexts/rotating-key-ring.ts';
import { FOREIGN_PROCESS, OWN_PROCESS } from '../plugins/import/guarded-call.ts';
import { PluginLoader } from '../plugins/plugin-loader.ts';
import { ReloadPipeline } from '../runtime/reload/reload-pipeline.ts';
import type { AppOptions } from './app-options.ts';
import { HandStates } from '../upstream/standing/hand-states.ts';
import { openLogging } from './open-logging.ts';
import { createThreadParts, type ThreadParts } from './parts/thread-parts.ts';

/** What there is before the first config was loaded. */
export interface FirstParts {
  readonly thread: ThreadParts;
  readonly plugins: PluginLoader;
  readonly reloads: ReloadPipeline;
  readonly names: NameResolver;
  readonly resources: ProcessResources;
  /** What operators have set backends to. */
  readonly hands: HandStates;
  /** The keys of the session tickets of listeners. */
  readonly ticketKeys: RotatingKeyRing;
}

/** Makes them, with what a proxy hands over that this one replaces. Nothing is read or bound yet. */
export function createFirstParts(options: AppOptions): FirstParts {
  const logging = openLogging(options);
  const { logger } = logging;
  const { observer, upgrades, embedded = false } = options;
  const before = upgrades?.offer?.succession;
  const names = new NameResolver({ logger });
  const resources = new ProcessResources({ shortages: { logger } });
  const plugins = new PluginLoader(logger, embedded ? FOREIGN_PROCESS : OWN_PROCESS);
  return {
    thread: createThreadParts({ logging, authors: plugins, names, instanceId: randomUUID() }),
    plugins,
    reloads: new ReloadPipeline({
      origin: options,
      plugins,
      logger,
      limits: resources,
      observer,
      lastGeneration: before?.generation,
      sessionKey: before?.sessionKey,
    }),
    names,
    resources,
    hands: new HandStates(before?.hands),
    ticketKeys: new RotatingKeyRing(undefined, before?.ticketKeys),
  };
}
