import { dirname, resolve } from 'node:path';

import { summarizeChanges, type ConfigChange } from '../../config/diff/config-change.ts';
import { configChanges } from '../../config/diff/diff-configs.ts';
import { diffReferences } from '../../config/diff/diff-references.ts';
import { namedFiles, withWarnings, type LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Problem } from '../../config/problems/problem.ts';
import { BalanceError } from '../../errors.ts';
import { handOver } from '../../net/address-handover.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { PluginSet } from '../../plugins/plugin-set.ts';
import { TimeSlicer } from '../../time/time-slicer.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import { completeAll } from '../control/complete-all.ts';
import type { CommitReport, GenerationSource, ProxyControl } from '../control/proxy-control.ts';
import type { ConfigCandidate } from './load/candidate-loader.ts';
import type { PreparedChange, ReloadParticipant } from './reload-participant.ts';
import type { SessionKey } from './history/session-key.ts';
import { UndoStack } from './undo-stack.ts';

/** A part that hangs must not keep later edits waiting for ever. */
const PREPARE_LIMIT_MS = 60_000;

/** What transactions work on. */
export interface TransactionParts {
  readonly control: ProxyControl;
  /** In the order in which they are prepared and committed. */
  readonly participants: readonly ReloadParticipant[];
  readonly logger: Logger;
  readonly sessionKey: Pick<SessionKey, 'of'>;
  /** Aborted when the proxy ends. */
  readonly stopped: AbortSignal;
  /** How long each participant may take to prepare, in ms. Default: 60,000. */
  readonly prepareLimitMs?: number | undefined;
}

/**
 * One edit on its way to live traffic: {@link build}, {@link prepare}, then {@link commit} or {@link abort}. Until `commit` everything
 * is made beside what runs, and `abort` takes it back in reverse order.
 */
export class ReloadTransaction {
  /** Number of the generation that it makes. */
  readonly id: number;
  readonly loaded: LoadedConfig;
  readonly #candidate: ConfigCandidate;
  readonly #live: LoadedConfig | undefined;
  readonly #parts: TransactionParts;
  readonly #undo = new UndoStack();
  readonly #prepared: PreparedChange[] = [];
  #changes: readonly ConfigChange[] = [];
  /** What operators should know about addresses that changed hands; '' when none did. */
  #handoverNote = '';

  /** @param live the config that is live; undefined before the first one */
  constructor(
    id: number,
    candidate: ConfigCandidate,
    live: LoadedConfig | undefined,
    parts: TransactionParts,
  ) {
    this.id = id;
    this.loaded = candidate.loaded;
    this.#candidate = candidate;
    this.#live = live;
    this.#parts = parts;
  }

  /** What the edit changes, one by one; known once it is built. */
  get changes(): readonly ConfigChange[] {
    return this.#changes;
  }

  /** What the config is allowed to say but probably does not mean. */
  get warnings(): readonly Problem[] {
    const own = this.#prepared.flatMap(({ warnings = [] }) => warnings);
    return withWarnings(this.loaded, [...this.#candidate.plugins.warnings, ...own]).warnings;
  }

  /** What the edit changes, in a line. */
  get summary(): string {
    const summary = this.#live === undefined ? 'first config' : summarizeChanges(this.#changes);
    return this.#handoverNote === '' ? summary : `${summary}; ${this.#handoverNote}`;
  }

  /** Builds the generation beside the live one, with as many of the new plugins as work, and finds out what it changes. */
  async build(): Promise<void> {
    const { id, loaded } = this;
    const { control, stopped } = this.#parts;
    const { plugins } = this.#candidate;
    const sessionKey = await this.#sessionKey();
    this.#undo.push(() => {
      control.abort(id);
    });
    const built = plugins.build(loaded, (set) => control.prepare(id, sourceOf(loaded, sessionKey, set)));
    // Plugins have limits of their own.
    await withTimeout(built, { signal: stopped });
    this.#changes = [
      ...(await new TimeSlicer().collect(
        configChanges(this.#live?.config, loaded.config, { rulesOf: plugins.plugins.rulesOf }),
      )),
      ...diffReferences(this.#live, loaded),
      ...plugins.differences(),
    ];
  }

  /** It may be read from a file system that hangs. */
  #sessionKey(): Promise<string | undefined> {
    const { sessionKey, stopped, prepareLimitMs: limitMs = PREPARE_LIMIT_MS } = this.#parts;
    const expired = (): never => {
      throw tooSlow('reading the key of sticky cookies', limitMs);
    };
    return withTimeout(sessionKey.of(this.loaded), { limitMs, expired, signal: stopped });
  }

  /** Lets each participant prepare its part, then hands over addresses that two sockets can't have at a time. */
  async prepare(): Promise<void> {
    const { id, loaded } = this;
    const { participants, logger, stopped, prepareLimitMs: limitMs = PREPARE_LIMIT_MS } = this.#parts;
    const leaving = participants.flatMap((part) => part.leaving?.(loaded, id) ?? []);
    for (const part of participants) {
      const change = await withTimeout(part.prepare(loaded, leaving, id), {
        limitMs,
        expired: () => {
          throw tooSlow('preparing the edit', limitMs);
        },
        signal: stopped,
        late: (unwanted) => {
          unwanted.unwind();
        },
      });
      this.#undo.push(() => {
        change.unwind();
      });
      this.#prepared.push(change);
    }
    stopped.throwIfAborted();
    const arriving = this.#prepared.flatMap((change) => change.arriving ?? []);
    this.#handoverNote = await handOver(leaving, arriving, logger);
    stopped.throwIfAborted();
  }

  /**
   * Swaps: from here on nothing can fail. All parts change in this turn: no step waits for the one before it. Resolves when all that serve
   * clients serve the new generation, or after the control's time limit; never rejects.
   */
  async commit(): Promise<CommitReport> {
    const { control, logger } = this.#parts;
    let report: CommitReport = { skewMs: undefined, late: [] };
    const steps = [
      ...this.#prepared.map((change) => () => {
        change.commit();
      }),
      async () => {
        report = await control.commit(this.id);
      },
      () => {
        this.#candidate.plugins.commit(this.loaded);
      },
    ];
    await completeAll(steps, logger);
    return report;
  }

  /** Takes back all that was made. What fails at that is logged, so that it does not hide why the edit is taken back. */
  abort(): void {
    const undo = () => {
      this.#undo.undo();
    };
    void completeAll([undo], this.#parts.logger);
  }
}

/** The error of a stage that did not end in time. */
export function tooSlow(what: string, limitMs: number): BalanceError {
  return new BalanceError('config_invalid', `${what} takes longer than ${String(limitMs)} ms`);
}

function sourceOf(
  loaded: LoadedConfig,
  sessionKey: string | undefined,
  plugins: PluginSet,
): GenerationSource {
  const { config, hash, file } = loaded;
  return {
    config: plugins.filled(config),
    hash,
    directory: dirname(resolve(file)),
    files: namedFiles(loaded),
    sessionKey,
    plugins: plugins.referencesFor(config),
  };
}
