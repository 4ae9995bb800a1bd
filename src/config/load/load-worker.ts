/** The thread behind {@link LoadThread}: loads configs where it delays no traffic. */
import { parentPort, workerData } from 'node:worker_threads';
import { BalanceError, messageOf } from '../../errors.ts';
import { ConfigError } from './config-error.ts';
import { loadResult } from './load-config.ts';
import { importRules, type RulesModules } from './import-rules.ts';
import type { ProtocolRules } from './loaded-config.ts';
import type { PluginSettings } from './plugin-settings.ts';
import type { LoadAnswer, LoadRequest } from './load-messages.ts';

type Load = Extract<LoadRequest, { kind: 'load' }>;

class Loads {
  readonly #answer: (answer: LoadAnswer, transfer?: readonly ArrayBuffer[]) => void;
  /** Loads that wait for the names of modes, by the ids of the loads. */
  readonly #waiting = new Map<number, (modes: readonly string[] | undefined) => void>();
  /** The rules of the protocols that come with the proxy, once they are imported. */
  readonly #rules: Promise<ProtocolRules>;

  constructor(
    rules: Promise<ProtocolRules>,
    answer: (answer: LoadAnswer, transfer?: readonly ArrayBuffer[]) => void,
  ) {
    this.#rules = rules;
    this.#answer = answer;
  }

  take(request: LoadRequest): void {
    if (request.kind === 'load') void this.#load(request);
    else {
      const resume = this.#waiting.get(request.id);
      this.#waiting.delete(request.id);
      resume?.(request.modes);
    }
  }

  async #load({ id, file, env, text, filesInUse }: Load): Promise<void> {
    try {
      const modes = (settings: PluginSettings): Promise<readonly string[]> => this.#ask(id, settings);
      const rules = await this.#rules;
      const result = await loadResult(file, {
        env,
        modes,
        rules,
        ...(text === undefined ? {} : { text }),
        ...(filesInUse === undefined ? {} : { filesInUse }),
      });
      this.#answer({ kind: 'loaded', id, result }, [result.locations.buffer]);
    } catch (error) {
      if (error instanceof ConfigError) {
        const { problems, sources } = error;
        this.#answer({ kind: 'refused', id, problems, sources });
      } else this.#answer({ kind: 'failed', id, message: messageOf(error) });
    }
  }

  async #ask(id: number, settings: PluginSettings): Promise<readonly string[]> {
    const modes = await new Promise<readonly string[] | undefined>((resume) => {
      this.#waiting.set(id, resume);
      this.#answer({ kind: 'modes', id, settings });
    });
    if (modes === undefined) throw new BalanceError('internal', 'the load was given up');
    return modes;
  }
}

const port = parentPort;
if (port === null) throw new Error('this file is the start of a worker thread');
const loads = new Loads(importRules(workerData as RulesModules), (answer, transfer) =>
  port.postMessage(answer, transfer),
);
port.on('message', (request: LoadRequest) => loads.take(request));
