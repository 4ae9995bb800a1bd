import type { Generation } from '../generation/generation.ts';
import type { ExplainedPlan } from './explain.ts';

/** Makes a generation into a plan. `bound` has the addresses of its listeners by their names. */
export function generationPlan(
  generation: Generation,
  bound: ReadonlyMap<string, string>,
  live: boolean,
): ExplainedPlan {
  return {
    live,
    generation: live ? generation.id : undefined,
    config: generation.config,
    listeners: generation.listeners.map(({ config, served }) => ({
      config,
      instance: served.instance,
      address: bound.get(config.name) ?? config.address,
    })),
    files: generation.files,
    group: (upstream) => generation.upstreams.get(upstream)?.group,
  };
}
