import type { Logger } from '../../plugin-api/index.ts';

/** How often the log says what a shutdown waits for. */
const TELL_INTERVAL_MS = 5_000;
/** Only so many listeners get a line of their own, because a config may have thousands. */
const MOST_LISTENERS = 20;

/** What a shutdown waits for at one listener. */
export interface DrainRest {
  /** Its name. */
  readonly listener: string;
  /** Open connections of clients. */
  readonly connections: number;
  readonly requests: number;
  readonly tunnels: number;
}

export interface DrainWatchOptions {
  readonly logger: Logger;
  /** What the shutdown waits for now. It may have to be asked for, and then must not reject. */
  readonly rests: () => readonly DrainRest[] | Promise<readonly DrainRest[]>;
  /** After this time what still runs is cut. */
  readonly limitMs: number;
}

/**
 * Logs what a shutdown waits for: at once the listeners where requests or tunnels run, and every five seconds also those whose
 * clients do not close idle connections.
 */
export class DrainWatch {
  readonly #options: DrainWatchOptions;
  readonly #sinceMs = performance.now();
  readonly #first: NodeJS.Immediate;
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;

  /** Begins to log. Make it when the drain has begun. */
  constructor(options: DrainWatchOptions) {
    this.#options = options;
    // Idle connections are closing, and their clients need a moment for that.
    this.#first = setImmediate(() => this.#tell(isBusy));
    this.#timer = setInterval(() => this.#tell(() => true), TELL_INTERVAL_MS).unref();
  }

  /** Logs nothing more. */
  stop(): void {
    this.#isStopped = true;
    clearImmediate(this.#first);
    clearInterval(this.#timer);
  }

  /** The limit is over: logs what is cut. Done on return, or when the returned promise resolves. */
  tellCut(): Promise<void> | undefined {
    const { logger, limitMs } = this.#options;
    this.stop();
    return this.#each(
      () => true,
      (rest) => {
        logger.warn('drain took too long, connections are cut', { ...rest, limit_ms: limitMs });
      },
    );
  }

  #tell(counts: (rest: DrainRest) => boolean): void {
    const { logger, limitMs } = this.#options;
    const cutInMs = Math.max(0, Math.round(limitMs - (performance.now() - this.#sinceMs)));
    void this.#each(counts, (rest) => {
      if (!this.#isStopped) logger.info('waiting for what still runs', { ...rest, cut_in_ms: cutInMs });
    });
  }

  #each(counts: (rest: DrainRest) => boolean, tell: (rest: DrainRest) => void): Promise<void> | undefined {
    const rests = this.#options.rests();
    if (rests instanceof Promise)
      return rests.then((asked) => {
        tellMost(asked.filter(counts), tell);
      });
    tellMost(rests.filter(counts), tell);
    return undefined;
  }
}

/** Listeners with the most connections come first; those beyond the limit are added up. */
function tellMost(rests: readonly DrainRest[], tell: (rest: DrainRest) => void): void {
  const open = rests.filter(({ connections }) => connections > 0);
  const sorted = open.sort((a, b) => b.connections - a.connections);
  for (const rest of sorted.slice(0, MOST_LISTENERS)) tell(rest);
  const more = sorted.slice(MOST_LISTENERS);
  if (more.length === 0) return;
  const sum = (of: (rest: DrainRest) => number): number => more.reduce((total, rest) => total + of(rest), 0);
  tell({
    listener: `${String(more.length)} more`,
    connections: sum(({ connections }) => connections),
    requests: sum(({ requests }) => requests),
    tunnels: sum(({ tunnels }) => tunnels),
  });
}

function isBusy({ requests, tunnels }: DrainRest): boolean {
  return requests > 0 || tunnels > 0;
}
