import type { UpstreamUse } from '../../plugin-api/index.ts';
import { optionsOf, configPath, optionsListener, passedUpstreams } from '../options/listener-options.ts';
import type { Config } from '../schema/config.generated.ts';
import type { LintContext } from './lint-context.ts';

/** Each protocol advises on its options, and every backend that is configured gets traffic. */
export function lintListeners(context: LintContext): void {
  const reached = new Set<string>();
  for (const index of context.config.listeners.keys())
    for (const name of reachedFrom(index, context)) reached.add(name);
  // Upstreams that nothing names have a warning of their own, at each load.
  if (context.uses.isComplete) lintIdleBackends(reached, context);
}

/** Lets the protocol of a listener advise on its options. Gives the upstreams that some traffic gets to. */
function reachedFrom(index: number, { config, rulesOf, uses, warn }: LintContext): string[] {
  const listener = config.listeners[index];
  if (listener === undefined) return [];
  const unreached = new Set<string>();
  rulesOf(listener.mode)?.lint?.(optionsOf(listener), {
    listener: optionsListener(listener),
    warn: (place, message) => warn(configPath(index, listener, place), message),
    unreached: (place, reason) => {
      unreached.add(keyOf(place));
      if (reason !== undefined && uses.isComplete)
        warn(configPath(index, listener, place), `gets nothing: ${reason}`);
    },
  });
  const reached = uses.ofListener(index).filter(({ place }) => !unreached.has(keyOf(place)));
  return [...reached.map(({ name }) => name), ...passedUpstreams(listener)];
}

function keyOf(place: UpstreamUse['place']): string {
  return JSON.stringify(place);
}

function lintIdleBackends(reached: ReadonlySet<string>, { config, uses, warn }: LintContext): void {
  const inUse = new Set(reachedAddresses(config, reached));
  for (const [index, { name, backends }] of config.upstreams.entries()) {
    if (!uses.isUsed(name) || reached.has(name)) continue;
    for (const [backendIndex, backend] of backends.entries()) {
      if (inUse.has(backend.address)) continue;
      warn(['upstreams', index, 'backends', backendIndex], 'gets nothing: no request is routed to it');
    }
  }
}

function reachedAddresses({ upstreams }: Config, reached: ReadonlySet<string>): string[] {
  return upstreams
    .filter(({ name }) => reached.has(name))
    .flatMap(({ backends }) => backends.map(({ address }) => address));
}
