import type { UpstreamUse } from '../../plugin-api/index.ts';
import type { Config, Listener } from '../schema/config.generated.ts';
import { optionsListener, optionsOf, passedUpstreams, type RulesOf } from './listener-options.ts';

/** Which listeners use which upstreams, as the rules of their protocols say, and their routes by host name. */
export class UpstreamUses {
  /** False when a protocol does not say what its listeners use; they may then use any upstream. */
  readonly isComplete: boolean;
  /** What the rules of a protocol threw instead of naming upstreams, by the index of the listener. */
  readonly failures = new Map<number, unknown>();
  readonly #ofListeners: readonly (readonly UpstreamUse[])[];
  readonly #keptReady = new Set<string>();
  readonly #used = new Set<string>();
  readonly #indexes: ReadonlyMap<string, number>;

  constructor({ listeners, upstreams }: Pick<Config, 'listeners' | 'upstreams'>, rulesOf: RulesOf) {
    let isComplete = true;
    this.#ofListeners = listeners.map((listener, index) => {
      const uses = this.#read(listener, index, rulesOf);
      if (uses === undefined) isComplete = false;
      return uses ?? [];
    });
    this.isComplete = isComplete;
    for (const { name, sockets } of this.#ofListeners.flat()) {
      this.#used.add(name);
      if (sockets === 'keep-alive') this.#keptReady.add(name);
    }
    this.#indexes = new Map(upstreams.map(({ name }, index) => [name, index]));
    for (const listener of listeners) {
      if (listener.upstream !== undefined) this.#used.add(listener.upstream);
      for (const name of passedUpstreams(listener)) this.#used.add(name);
    }
  }

  /** What the listener at that index uses; empty when its protocol does not say it. */
  ofListener(index: number): readonly UpstreamUse[] {
    return this.#ofListeners[index] ?? [];
  }

  /** The index of the upstream of that name in the config; undefined when there is none. */
  indexOf(name: string): number | undefined {
    return this.#indexes.get(name);
  }

  /** Whether a listener names the upstream. */
  isUsed(name: string): boolean {
    return this.#used.has(name);
  }

  /** Whether a listener uses sockets of the upstream again, so that idle ones are kept in its pool. */
  keepsSockets(name: string): boolean {
    return this.#keptReady.has(name);
  }

  /** Undefined when the protocol does not say it. */
  #read(listener: Listener, index: number, rulesOf: RulesOf): readonly UpstreamUse[] | undefined {
    try {
      const uses = rulesOf(listener.mode)?.upstreams?.(optionsOf(listener), optionsListener(listener));
      return uses && [...uses];
    } catch (error) {
      this.failures.set(index, error);
      return undefined;
    }
  }
}
