import { dirname, resolve } from 'node:path';

import type { ConfigChange } from '../config/diff/config-change.ts';
import { diffConfigs } from '../config/diff/diff-configs.ts';
import { summarizeChanges } from '../config/diff/summarize-changes.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Problem } from '../config/problem.ts';
import type { PluginChange } from '../plugins/plugin-change.ts';
import type { GenerationBuilder } from './builder.ts';
import type { DrainingGenerations } from './draining-generations.ts';
import type { Generation } from './generation.ts';
import type { LiveView } from './live-view.ts';
import type { ReloadCause } from './reload-outcome.ts';
import { Unwinding } from './unwinding.ts';

/** What a generation changes about some part of the proxy, prepared beside what runs and not yet done. */
export interface PreparedChange {
  /** Does it. Must not fail: all that can fail belongs into `prepare`. */
  commit(): void;
  /** Takes back what was prepared. */
  unwind(): void;
}

/** A part of the proxy that follows the live generation. */
export interface FollowingPart {
  /** Prepares what the generation of that config asks for. Rejects when that can't be; then nothing changed. */
  prepare(generation: Generation, loaded: LoadedConfig): Promise<PreparedChange>;
}

/** A config that became live. */
export interface AppliedConfig {
  readonly summary: string;
  readonly changes: readonly ConfigChange[];
  readonly warnings: readonly Problem[];
}

/** A config that passed its checks, and the plugins that it may be built with. */
export interface ConfigCandidate {
  readonly loaded: LoadedConfig;
  readonly plugins: PluginChange;
}

export interface ConfigApplyOptions {
  /** Loads what is to become live: for a cause, beside the config that is live. */
  readonly load: (cause: ReloadCause, live: LoadedConfig | undefined) => Promise<ConfigCandidate>;
  readonly builder: GenerationBuilder;
  readonly live: LiveView;
  readonly draining: DrainingGenerations;
  /** In the order in which they are prepared and committed. */
  readonly parts: readonly FollowingPart[];
  /** Throws when no config may become live any more. Asked last, before the swap. */
  readonly allowed: () => void;
  /** Told what is live now. Must not throw. */
  readonly applied: (loaded: LoadedConfig) => void;
}

/** Makes a config live: load, build beside what runs, bind what is new, swap one reference, drain what left. */
export class ConfigApply {
  readonly #options: ConfigApplyOptions;
  #live: LoadedConfig | undefined;

  constructor(options: ConfigApplyOptions) {
    this.#options = options;
  }

  /** Rejects with the reason when any stage fails; then nothing changed and nothing is left of it. */
  async apply(cause: ReloadCause): Promise<AppliedConfig> {
    const { load, builder, parts, allowed } = this.#options;
    const { loaded, plugins } = await load(cause, this.#live);
    if (cause.source === 'plugins' && plugins.isEmpty)
      return { summary: summarizeChanges([]), changes: [], warnings: [] };
    const undo = new Unwinding();
    try {
      const generation = await plugins.build(loaded, (set) =>
        builder.build(loaded.config, loaded.hash, dirname(resolve(loaded.file)), set),
      );
      undo.push(() => {
        generation.destroy();
      });
      const changes: PreparedChange[] = [];
      for (const part of parts) {
        const change = await part.prepare(generation, loaded);
        undo.push(() => {
          change.unwind();
        });
        changes.push(change);
      }
      const differences = [
        ...diffConfigs(this.#options.live.generation?.config, loaded.config),
        ...plugins.differences(),
      ];
      allowed();
      const applied = this.#swap(loaded, generation, changes, differences);
      plugins.commit(loaded);
      return applied;
    } catch (error) {
      undo.unwind();
      throw error;
    }
  }

  /** From here on nothing can fail. */
  #swap(
    loaded: LoadedConfig,
    generation: Generation,
    prepared: readonly PreparedChange[],
    changes: readonly ConfigChange[],
  ): AppliedConfig {
    const { live, draining, applied } = this.#options;
    const old = live.generation;
    live.generation = generation;
    this.#live = loaded;
    for (const change of prepared) change.commit();
    applied(loaded);
    if (old !== undefined) draining.add(old);
    return {
      summary: old === undefined ? 'first config' : summarizeChanges(changes),
      changes,
      warnings: loaded.warnings,
    };
  }
}
