import type { KnownNames } from '../../../readings/proxy.ts';
import type { GenerationSource } from '../../control/proxy-control.ts';

/** The names in a config; none without one. */
export function namesIn(config: GenerationSource['config'] | undefined): KnownNames {
  const { upstreams = [], listeners = [] } = config ?? {};
  return {
    backends: upstreams.flatMap(({ backends }) => backends.map(({ name }) => name)),
    listeners: listeners.map(({ name }) => name),
    upstreams: upstreams.map(({ name }) => name),
  };
}

/** The names but those. */
export function namesBeside(names: KnownNames, those: KnownNames): KnownNames {
  const beside = (all: readonly string[], known: readonly string[]): string[] => {
    const isKnown = new Set(known);
    return all.filter((name) => !isKnown.has(name));
  };
  return {
    backends: beside(names.backends, those.backends),
    listeners: beside(names.listeners, those.listeners),
    upstreams: beside(names.upstreams, those.upstreams),
  };
}

/** Both together. */
export function allNames(names: KnownNames, others: KnownNames): KnownNames {
  return {
    backends: [...names.backends, ...others.backends],
    listeners: [...names.listeners, ...others.listeners],
    upstreams: [...names.upstreams, ...others.upstreams],
  };
}
