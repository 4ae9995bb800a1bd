import { EventEmitter } from 'node:events';

import type { App } from '../app.ts';
import type { AppObserver } from '../app/parts/app-observer.ts';
import type { ConfigFile } from '../config/schema/config-file.generated.ts';
import { BalanceError, messageOf } from '../errors.ts';
import type { ReloadOutcome } from '../runtime/reload/outcome/reload-outcome.ts';
import type { BalanceEvents, BalanceProxy } from './balance-proxy.ts';
import { configText } from './config-text.ts';

/** {@link BalanceProxy} over an {@link App}. */
export class ProgramProxy implements BalanceProxy {
  readonly observer: AppObserver;
  readonly #events = new EventEmitter();
  /** The errors of reloads that failed, by their outcomes. */
  readonly #errors = new WeakMap<ReloadOutcome, unknown>();
  #app: App | undefined;
  /** The text of the config that a load reads; undefined when the config is in a file. */
  #text: string | undefined;
  /** Reloads of the program run one after the other and are never merged: each of them may bring another config. */
  #reloads: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #ended = false;
  /** Events from before the program could listen; undefined once it can. */
  #early: (() => void)[] | undefined = [];

  constructor(text: string | undefined) {
    this.#text = text;
    this.observer = {
      reloaded: (outcome, error) => {
        if (!outcome.ok) this.#errors.set(outcome, error);
        // A reload that failed because the proxy ends is no event.
        if (this.#ended) return;
        if (outcome.ok) this.#emit('reloaded', outcome);
        else this.#emit('reloadFailed', errorOf(error), outcome);
      },
      healthChanged: (change) => this.#emit('health', change),
    };
  }

  /** The text of a config that is no file. */
  get text(): string {
    return this.#text ?? '';
  }

  /** It is up. Events that came before are told once whoever awaited the start has had its turn. */
  started(app: App): void {
    this.#app = app;
    setImmediate(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const emit of early) process.nextTick(emit);
    });
  }

  get listeners(): ReadonlyMap<string, string> {
    return new Map(this.#running.listeners);
  }

  get address(): string {
    const [first = ''] = this.#running.listeners.values();
    return first;
  }

  get adminAddresses(): readonly string[] {
    return this.#running.adminAddresses;
  }

  async reload(config?: ConfigFile): Promise<ReloadOutcome> {
    if (config !== undefined && this.#text === undefined)
      throw new TypeError('this proxy follows a file: edit the file instead of giving a config to reload');
    const text = config === undefined ? undefined : configText(config);
    const reload = this.#reloads.then(() => this.#reload(text));
    this.#reloads = reload.catch(() => undefined);
    return reload;
  }

  reopenLogs(): void {
    this.#running.reopenLogs();
  }

  close(): Promise<void> {
    this.#ended = true;
    this.#closing ??= this.#running.close().then(() => this.#emit('closed'));
    return this.#closing;
  }

  destroy(): void {
    this.#ended = true;
    this.#running.destroy();
    // Writes the last lines; there is nothing left to drain.
    this.close().catch(() => undefined);
  }

  on<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this {
    this.#events.on(name, untyped(listener));
    return this;
  }

  once<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this {
    this.#events.once(name, untyped(listener));
    return this;
  }

  off<Name extends keyof BalanceEvents>(name: Name, listener: (...args: BalanceEvents[Name]) => void): this {
    this.#events.off(name, untyped(listener));
    return this;
  }

  get #running(): App {
    if (this.#app === undefined) throw new Error('the proxy is not up yet');
    return this.#app;
  }

  async #reload(text: string | undefined): Promise<ReloadOutcome> {
    if (this.#ended) throw new BalanceError('shutdown', 'the proxy has ended');
    const before = this.#text;
    if (text !== undefined) this.#text = text;
    const outcome = await this.#running.reload({ source: 'program' });
    if (outcome.ok) return outcome;
    // The next reload may be about a file that the config names: it must not bring back the refused config.
    this.#text = before;
    throw errorOf(this.#errors.get(outcome) ?? outcome.message);
  }

  /** Emits later, so that an error of a listener can't harm the work that led to the event. */
  #emit<Name extends keyof BalanceEvents>(name: Name, ...args: BalanceEvents[Name]): void {
    const emit = (): void => void this.#events.emit(name, ...args);
    if (this.#early === undefined) process.nextTick(emit);
    else this.#early.push(emit);
  }
}

/** `EventEmitter` does not relate the names of events to the types of their arguments; {@link BalanceProxy} does. */
function untyped(listener: unknown): (...args: unknown[]) => void {
  return listener as (...args: unknown[]) => void;
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new BalanceError('internal', messageOf(thrown));
}
