import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { HandState } from '../../upstream/standing/hand-state.ts';
import type { HandStates } from '../../upstream/standing/hand-states.ts';
import type { PreparedChange, ReloadParticipant } from '../../runtime/reload/reload-participant.ts';

/** Whether a new version takes over at the moment: what an operator sets then could be lost. */
interface Takeover {
  readonly isRunning: boolean;
}

/** Keeps the states that operators set, over all edits that keep the backend, and logs each change. */
export class HandParticipant implements ReloadParticipant {
  readonly #hands: HandStates;
  readonly #logger: Logger;
  readonly #takeover: Takeover;

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
    this.#logger.info('backend state set by hand', {
      upstream,
      backend,
      state: state?.state ?? 'as its checks say',
      ...(state?.reason === undefined ? {} : { reason: state.reason }),
    });
  }

  prepare({ config }: LoadedConfig): Promise<PreparedChange> {
    const commit = (): void => {
      if (this.#hands.entries.length === 0) return;
      const names = new Map(
        config.upstreams.map(({ name, backends }) => [
          name,
          new Set(backends.map((backend) => backend.name)),
        ]),
      );
      // A backend that comes back later is another one.
      this.#hands.replaceAll(
        this.#hands.entries.filter(({ upstream, backend }) => names.get(upstream)?.has(backend) === true),
      );
    };
    return Promise.resolve({ commit, unwind: () => undefined });
  }
}
