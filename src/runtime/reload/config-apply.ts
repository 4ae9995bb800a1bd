import { dirname, resolve } from 'node:path';

import { ConfigError } from '../../config/load/config-error.ts';
import type { ConfigChange } from '../../config/diff/config-change.ts';
import { configChanges } from '../../config/diff/diff-configs.ts';
import { summarizeChanges } from '../../config/diff/summarize-changes.ts';
import { diffReferences } from '../../config/diff/diff-references.ts';
import type { LoadedConfig } from '../../config/load/load-config.ts';
import type { Problem } from '../../config/problems/problem.ts';
import { BalanceError, messageOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { PluginChange } from '../../plugins/plugin-change.ts';
import { handOver, type ArrivingSocket, type LeavingSocket } from '../listeners/address-handover.ts';
import type { BuildSource, GenerationBuilder, Protocols } from '../generation/builder.ts';
import type { DrainingGenerations } from '../generation/draining-generations.ts';
import type { Generation } from '../generation/generation.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import type { LiveView } from '../generation/live-view.ts';
import type { ReloadCause } from './reload-outcome.ts';
import { TimeSlicer } from '../../time/time-slicer.ts';
import { UndoStack } from './undo-stack.ts';

/** Whatever hangs must not keep later edits waiting for ever. */
const LOAD_LIMIT_MS = 300_000;
const PREPARE_LIMIT_MS = 60_000;

/** What a generation changes about some part of the proxy, prepared beside what runs and not yet done. */
export interface PreparedChange {
  /** Sockets whose addresses have no room for them before others leave. Default: none. */
  readonly arriving?: readonly ArrivingSocket[];
  /** Does it. Must not fail: all that can fail belongs into `prepare`. */
  commit(): void;
  /** Takes back what was prepared. */
  unwind(): void;
}

/** A part of the proxy that follows the live generation. */
export interface FollowingPart {
  /** The bound sockets that the generation of that config has no use for. Default: none. */
  leaving?(generation: Generation, loaded: LoadedConfig): readonly LeavingSocket[];
  /**
   * Prepares what the generation of that config asks for, without the sockets that only fit in once one of those `leaving`,
   * of whatever part, is gone. Rejects when that can't be; then nothing changed.
   */
  prepare(
    generation: Generation,
    loaded: LoadedConfig,
    leaving: readonly LeavingSocket[],
  ): Promise<PreparedChange>;
}

/** A config that became live. */
export interface AppliedConfig {
  readonly summary: string;
  readonly changes: readonly ConfigChange[];
  readonly warnings: readonly Problem[];
  /** undefined when there was nothing to do. */
  readonly loaded: LoadedConfig | undefined;
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
  /** Told what is live now. */
  readonly applied: (loaded: LoadedConfig) => void;
  readonly logger: Logger;
  /** How long each part may take to prepare. Default: 1 min. */
  readonly prepareLimitMs?: number;
}

interface Prepared {
  readonly prepared: readonly PreparedChange[];
  /** What operators should know about how addresses changed hands; '' when there is nothing. */
  readonly note: string;
}

/** All of an edit that is ready to become live. */
interface ReadyEdit extends ConfigCandidate, Prepared {
  readonly generation: Generation;
  readonly changes: readonly ConfigChange[];
}

/** Makes a config live: load, build beside what runs, bind what is new, swap one reference, drain what left. */
export class ConfigApply {
  readonly #options: ConfigApplyOptions;
  readonly #stopped = new AbortController();
  #live: LoadedConfig | undefined;

  constructor(options: ConfigApplyOptions) {
    this.#options = options;
  }

  /** Rejects with the reason when any stage fails; then nothing changed and nothing is left of it. */
  async apply(cause: ReloadCause): Promise<AppliedConfig> {
    const { live } = this.#options;
    const candidate = await this.#load(cause);
    const { loaded, plugins } = candidate;
    if (this.#live?.namesServers === true && !loaded.namesServers) throw cutOff(loaded);
    if (cause.source === 'plugins' && cause.readsConfig !== true && plugins.isEmpty)
      return { summary: summarizeChanges([]), changes: [], warnings: [], loaded: undefined };
    const undo = new UndoStack();
    try {
      const previous = live.generation;
      const generation = await plugins.build(loaded, (set) => this.#build(loaded, set));
      undo.push(() => {
        void generation.discard(previous);
      });
      const changes = [
        ...(await new TimeSlicer().collect(configChanges(previous?.config, loaded.config))),
        ...diffReferences(this.#live?.sources, loaded.sources),
        ...plugins.differences(),
      ];
      const prepared = await this.#prepare(generation, loaded, undo);
      return this.#swap({ ...candidate, ...prepared, generation, changes });
    } catch (error) {
      this.#unwind(undo);
      throw error;
    }
  }

  /** Ends what is under way, which is taken back, and lets no config become live any more. */
  stop(): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(new BalanceError('shutdown', 'the proxy ends'));
  }

  #load(cause: ReloadCause): Promise<ConfigCandidate> {
    return withTimeout(this.#options.load(cause, this.#live), {
      limitMs: LOAD_LIMIT_MS,
      signal: this.#stopped.signal,
      expired: () => {
        throw tooSlow('loading the config', LOAD_LIMIT_MS);
      },
    });
  }

  #build(loaded: LoadedConfig, protocols: Protocols): Promise<Generation> {
    const { builder, live } = this.#options;
    return builder.build(sourceOf(loaded, protocols), live.generation, this.#stopped.signal);
  }

  /** Part after part; what is prepared is taken back by `undo`. */
  async #prepare(generation: Generation, loaded: LoadedConfig, undo: UndoStack): Promise<Prepared> {
    const { parts, logger, prepareLimitMs: limitMs = PREPARE_LIMIT_MS } = this.#options;
    const leaving = parts.flatMap((part) => part.leaving?.(generation, loaded) ?? []);
    const prepared: PreparedChange[] = [];
    for (const part of parts) {
      const change = await withTimeout(part.prepare(generation, loaded, leaving), {
        limitMs,
        signal: this.#stopped.signal,
        expired: () => {
          throw tooSlow('preparing the edit', limitMs);
        },
        late: (unwanted) => {
          unwanted.unwind();
        },
      });
      undo.push(() => {
        change.unwind();
      });
      prepared.push(change);
    }
    this.#stopped.signal.throwIfAborted();
    const arriving = prepared.flatMap((change) => change.arriving ?? []);
    const note = await handOver(leaving, arriving, logger);
    this.#stopped.signal.throwIfAborted();
    return { prepared, note };
  }

  /** From here on nothing can fail, and nothing waits. */
  #swap({ loaded, plugins, generation, prepared, note, changes }: ReadyEdit): AppliedConfig {
    const { live, draining, applied } = this.#options;
    const old = live.generation;
    live.generation = generation;
    this.#live = loaded;
    this.#survive(() => {
      generation.takeOver(old);
    });
    for (const change of prepared)
      this.#survive(() => {
        change.commit();
      });
    if (old !== undefined)
      this.#survive(() => {
        draining.add(old, old.retire(generation));
      });
    this.#survive(() => {
      plugins.commit(loaded);
    });
    this.#survive(() => {
      applied(loaded);
    });
    const summary = old === undefined ? 'first config' : summarizeChanges(changes);
    return {
      summary: note === '' ? summary : `${summary}; ${note}`,
      changes,
      warnings: loaded.warnings,
      loaded,
    };
  }

  /** Half of a swap would be worse than one that is told to be odd. */
  #survive(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#options.logger.error('a step of the reload failed', { error: messageOf(error) });
    }
  }

  /** What fails while it is taken back must not hide why it is. */
  #unwind(undo: UndoStack): void {
    this.#survive(() => {
      undo.undo();
    });
  }
}

function sourceOf({ config, hash, file, sources }: LoadedConfig, protocols: Protocols): BuildSource {
  const named = sources.files.filter(({ role }) => role === 'reference');
  const files = new Map(named.map(({ file: path, hash: content }) => [path, content]));
  return { config, hash, directory: dirname(resolve(file)), files, protocols };
}

/** What serves nothing all of a sudden is more likely half of a file than meant. */
function cutOff(loaded: LoadedConfig): ConfigError {
  const message =
    'names neither backends nor routes nor listeners: is it only the beginning of a file? Write `backends: []` to serve nothing';
  return new ConfigError([loaded.problem([], message)], { sources: loaded.sources });
}

function tooSlow(what: string, limitMs: number): BalanceError {
  return new BalanceError('config_invalid', `${what} takes longer than ${limitMs} ms`);
}
