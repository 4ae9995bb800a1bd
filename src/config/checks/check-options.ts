import type { OptionsCheck, OptionsPlace } from '../../plugin-api/index.ts';
import { optionsOf, configPath, optionsListener } from '../options/listener-options.ts';
import { suggestion } from '../problems/closest.ts';
import type { Path } from '../problems/problem.ts';
import type { Listener } from '../schema/config.generated.ts';
import type { CheckContext, ListenerCheckContext } from './check-context.ts';

/** Each protocol checks the options of its listeners. */
export function checkOptions(context: CheckContext): void {
  for (const index of context.config.listeners.keys()) checkOptionsOf(index, context);
}

/** The protocol of one listener checks its options, if it has a check. */
export function checkOptionsOf(index: number, context: ListenerCheckContext): void {
  const listener = context.config.listeners[index];
  if (listener === undefined) return;
  context.rulesOf(listener.mode)?.check?.(
    optionsOf(listener),
    optionsCheck(listener, context, (place) => configPath(index, listener, place)),
  );
}

/** What the check of a protocol or filter sees. `path` translates the places that it names into paths of the config. */
export function optionsCheck(
  listener: Listener,
  context: ListenerCheckContext,
  path: (place: OptionsPlace) => Path,
): OptionsCheck {
  return {
    listener: optionsListener(listener),
    error: (place, message) => context.error(path(place), message),
    warn: (place, message) => context.warn(path(place), message),
    shown: (place, value) => context.shown(path(place), value),
    isGiven: (place) => context.given(path(place)),
    didYouMean: suggestion,
  };
}
