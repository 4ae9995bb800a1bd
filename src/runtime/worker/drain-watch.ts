import type { RunningWork } from '../../net/listen/accepted-connection.ts';
import type { Logger } from '../../plugin-api/index.ts';

/** How often the log says what a shutdown waits for. */
const TELL_INTERVAL_MS = 5_000;
/** Only so many listeners get a line of their own, because a config may have thousands. */
const MOST_LISTENERS = 20;

/** A listener that drains. */
export interface DrainedListener {
  readonly name: string;
  /** Open connections of clients. */
  readonly connections: number;
  running(): Iterable<RunningWork>;
}

export interface DrainWatchOptions {
  readonly logger: Logger;
  readonly listeners: { all(): readonly DrainedListener[] };
  /** After this time what still runs is cut. */
  readonly limitMs: number;
}

/** What a shutdown waits for at one listener. */
interface Rest {
  readonly listener: string;
  readonly connections: number;
  readonly requests: number;
  readonly tunnels: number;
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

  /** Begins to log. Make it when the drain has begun. */
  constructor(options: DrainWatchOptions) {
    this.#options = options;
    // Idle connections are closing, and their clients need a moment for that.
    this.#first = setImmediate(() => this.#tell(isBusy));
    this.#timer = setInterval(() => this.#tell(() => true), TELL_INTERVAL_MS).unref();
  }

  /** Logs nothing more. */
  stop(): void {
    clearImmediate(this.#first);
    clearInterval(this.#timer);
  }

  /** The limit is over: logs what is cut. */
  tellCut(): void {
    const { logger, limitMs } = this.#options;
    this.stop();
    this.#each(this.#rests(), (rest) => {
      logger.warn('drain took too long, connections are cut', { ...rest, limit_ms: limitMs });
    });
  }

  #tell(counts: (rest: Rest) => boolean): void {
    const { logger, limitMs } = this.#options;
    const cutInMs = Math.max(0, Math.round(limitMs - (performance.now() - this.#sinceMs)));
    this.#each(this.#rests().filter(counts), (rest) => {
      logger.info('waiting for what still runs', { ...rest, cut_in_ms: cutInMs });
    });
  }

  /** Listeners with the most connections come first; those beyond the limit are added up. */
  #each(rests: readonly Rest[], tell: (rest: Rest) => void): void {
    for (const rest of rests.slice(0, MOST_LISTENERS)) tell(rest);
    const more = rests.slice(MOST_LISTENERS);
    if (more.length === 0) return;
    const sum = (of: (rest: Rest) => number): number => more.reduce((total, rest) => total + of(rest), 0);
    tell({
      listener: `${String(more.length)} more`,
      connections: sum(({ connections }) => connections),
      requests: sum(({ requests }) => requests),
      tunnels: sum(({ tunnels }) => tunnels),
    });
  }

  #rests(): readonly Rest[] {
    const rests = this.#options.listeners.all().filter(({ connections }) => connections > 0);
    return rests.map(restOf).sort((a, b) => b.connections - a.connections);
  }
}

function isBusy({ requests, tunnels }: Rest): boolean {
  return requests > 0 || tunnels > 0;
}

function restOf(listener: DrainedListener): Rest {
  const { name, connections } = listener;
  let requests = 0;
  let tunnels = 0;
  for (const { kind } of listener.running()) {
    if (kind === 'exchange') requests += 1;
    else tunnels += 1;
  }
  return { listener: name, connections, requests, tunnels };
}
