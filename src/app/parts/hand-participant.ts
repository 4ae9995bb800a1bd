import { resolve } from 'node:path';

import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { HandEntry, HandState } from '../../upstream/standing/hand-state.ts';
import type { HandStates } from '../../upstream/standing/hand-states.ts';
import type { PreparedChange, ReloadParticipant } from '../../runtime/reload/reload-participant.ts';
import { HandStateFile } from './hand-state-file.ts';

const FILE_NAME = 'backend-states.json';

/** Whether a new version takes over at the moment: what an operator sets then could be lost. */
interface Takeover {
  readonly isRunning: boolean;
}

type Upstreams = LoadedConfig['config']['upstreams'];

/** A state that an edit drops: its config has no such backend. */
export interface DroppedState extends HandEntry {
  /** The new name of the backend; undefined when it is gone. */
  readonly renamedTo: string | undefined;
}

/** Keeps the states that operators set, over all edits that keep the backend, and logs each change. */
export class HandParticipant implements ReloadParticipant {
  readonly #hands: HandStates;
  readonly #logger: Logger;
  readonly #takeover: Takeover;
  /** Undefined where they are not kept over a restart. */
  #file: HandStateFile | undefined;
  /** Resolves when the file holds what was set. */
  #kept: Promise<void> = Promise.resolve();
  /** Of the live config. */
  #upstreams: Upstreams = [];

  constructor(hands: HandStates, logger: Logger, takeover: Takeover) {
    this.#hands = hands;
    this.#logger = logger;
    this.#takeover = takeover;
  }

  get isBeingReplaced(): boolean {
    return this.#takeover.isRunning;
  }

  /** An operator sets a state. @param state undefined: checks decide again */
  set(upstream: string, backend: string, state: HandState | undefined): void {
    this.#hands.set(upstream, backend, state);
    this.#keep();
    this.#logger.info('backend state set by hand', {
      upstream,
      backend,
      state: state?.state ?? 'as its checks say',
      ...(state?.reason === undefined ? {} : { reason: state.reason }),
    });
  }

  /** Resolves when all that was set outlives a restart, if it is to. Never rejects. */
  kept(): Promise<void> {
    return this.#kept;
  }

  /** A process that took over from another one knows the states from it. */
  async begin(loaded: LoadedConfig): Promise<void> {
    if (this.#hands.entries.length > 0) return;
    // Nothing is written before anything changes: somebody may mend a file that is broken.
    this.#file = this.#fileOf(loaded);
    const entries = (await this.#file?.read()) ?? [];
    if (entries.length === 0) return;
    this.#hands.replaceAll(entries);
    this.#logger.info('backend states set by hand are as before the restart', { backends: entries.length });
  }

  prepare(loaded: LoadedConfig): Promise<PreparedChange> {
    const commit = (): void => {
      this.#drop(loaded.config.upstreams);
      this.#upstreams = loaded.config.upstreams;
      const file = this.#fileOf(loaded);
      if (file?.path === this.#file?.path) return;
      this.#file = file;
      this.#keep();
    };
    return Promise.resolve({ commit, unwind: () => undefined });
  }

  /** The states that an edit to these upstreams would drop. */
  droppedBy(upstreams: Upstreams): readonly DroppedState[] {
    const { entries } = this.#hands;
    if (entries.length === 0) return [];
    const names = new Map(
      upstreams.map(({ name, backends }) => [name, new Set(backends.map((one) => one.name))]),
    );
    return entries
      .filter(({ upstream, backend }) => names.get(upstream)?.has(backend) !== true)
      .map((entry) => ({
        ...entry,
        renamedTo: renamedTo(this.#upstreams, upstreams, entry.upstream, entry.backend),
      }));
  }

  /** Forgets the states of backends that left: one that comes back later is another one. */
  #drop(upstreams: Upstreams): void {
    const dropped = this.droppedBy(upstreams);
    if (dropped.length === 0) return;
    for (const each of dropped) {
      this.#warnOf(each);
      this.#hands.set(each.upstream, each.backend, undefined);
    }
    this.#keep();
  }

  #warnOf({ upstream, backend, state: { state, reason }, renamedTo: renamed }: DroppedState): void {
    this.#logger.warn('backend state set by hand is dropped: the config has no such backend any more', {
      upstream,
      backend,
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(renamed === undefined ? {} : { renamed_to: renamed }),
    });
  }

  #keep(): void {
    if (this.#file !== undefined) this.#kept = this.#file.write(this.#hands.entries);
  }

  #fileOf({ config: { reload }, file }: LoadedConfig): HandStateFile | undefined {
    const { history_dir: folder, keep_backend_states: isWanted } = reload;
    if (!isWanted || folder === undefined) return undefined;
    return new HandStateFile(resolve(file, '..', folder, FILE_NAME), this.#logger);
  }
}

/** The new name of the server that had that name; undefined when it is gone. */
function renamedTo(
  before: Upstreams,
  after: Upstreams,
  upstream: string,
  backend: string,
): string | undefined {
  const backendsOf = (all: Upstreams) => all.find(({ name }) => name === upstream)?.backends ?? [];
  const address = backendsOf(before).find(({ name }) => name === backend)?.address;
  if (address === undefined) return undefined;
  const known = new Set(backendsOf(before).map(({ name }) => name));
  return backendsOf(after).find((one) => one.address === address && !known.has(one.name))?.name;
}
