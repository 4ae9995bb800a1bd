import { resolve } from 'node:path';

import { BalanceError, messageOf } from '../../../../src/errors.ts';
import type {
  FilterHost,
  LogFields,
  Logger,
  ProtocolHost,
  Upstream,
} from '../../../../src/plugin-api/index.ts';
import type { FilterStates } from './filter-states.ts';
import { WatchedFile } from './watched-file.ts';

/** Where a filter stands in the config. */
export interface FilterPlace {
  readonly use: string;
  /** Name of the route; undefined for a filter of the listener. */
  readonly route: string | undefined;
  readonly index: number;
}

/** The services for one filter at one place. What the filter began with them ends with {@link close}. */
export class OwnFilterHost implements FilterHost {
  readonly listener: string;
  readonly route: string | undefined;
  readonly index: number;
  readonly workers: number;
  readonly directory: string;
  readonly logger: Logger;
  /** The fields by which the log names the place. */
  readonly place: LogFields;
  readonly #use: string;
  readonly #host: ProtocolHost;
  readonly #states: FilterStates;
  readonly #endings = new Set<() => void>();
  #isClosed = false;

  constructor({ use, route, index }: FilterPlace, host: ProtocolHost, states: FilterStates) {
    this.listener = host.listener;
    this.route = route;
    this.index = index;
    this.workers = host.workers;
    this.directory = host.directory;
    this.place = { ...(route === undefined ? {} : { route }), filter: use, index };
    this.logger = host.logger.child(this.place);
    this.#use = use;
    this.#host = host;
    this.#states = states;
  }

  upstream(name: string): Upstream {
    return this.#host.upstream(name, 'keep-alive');
  }

  state<T>(key: string, make: () => T): T {
    const whole = JSON.stringify([this.listener, this.#use, key]);
    const value = this.#states.hold(whole, make) as T;
    this.#endings.add(() => {
      this.#states.release(whole);
    });
    return value;
  }

  timer(ms: number, work: () => void): () => void {
    const stop = this.#endsWith(() => {
      clearTimeout(timer);
    });
    const timer = setTimeout(() => {
      stop();
      this.#run(work);
    }, ms);
    if (this.#isClosed) stop();
    return stop;
  }

  interval(ms: number, work: () => void): () => void {
    const timer = setInterval(() => {
      this.#run(work);
    }, ms);
    const stop = this.#endsWith(() => {
      clearInterval(timer);
    });
    if (this.#isClosed) stop();
    return stop;
  }

  async file(path: string, changed: (content: Buffer) => void): Promise<Buffer> {
    const watched = new WatchedFile(resolve(this.directory, path), changed, this.logger);
    const stop = this.#endsWith(() => {
      watched.close();
    });
    try {
      return await watched.open();
    } catch (error) {
      stop();
      throw new BalanceError('config_invalid', `${path} can't be read: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      if (this.#isClosed) watched.close();
    }
  }

  /** Ends timers and watches, and releases states. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#endings) end();
    this.#endings.clear();
  }

  /** Returns a function that ends it before. */
  #endsWith(end: () => void): () => void {
    this.#endings.add(end);
    return () => {
      this.#endings.delete(end);
      end();
    };
  }

  #run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#host.pluginFailed(this.#use, 'Filter failed', error, { ...this.place, hook: 'timer' });
    }
  }
}
