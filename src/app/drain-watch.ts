import type { RunningWork } from '../net/listen/accepted-connection.ts';
import type { Logger } from '../plugin-api/index.ts';

/** How often it is told what a shutdown waits for. */
const TELL_INTERVAL_MS = 5_000;
/** Listeners with a line of their own; a config may have thousands. */
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
  readonly listeners: () => readonly DrainedListener[];
  /** When what still runs is cut. */
  readonly limitMs: number;
}

/** Work of one listener that a shutdown waits for. */
interface Rest {
  readonly listener: string;
  readonly connections: number;
  readonly requests: number;
  readonly tunnels: number;
}

/**
 * Tells in the log what a shutdown waits for: at once where something runs, and every few seconds also where clients do not
 * let go of idle connections.
 */
export class DrainWatch {
  readonly #options: DrainWatchOptions;
  readonly #sinceMs = performance.now();
  readonly #first: NodeJS.Immediate;
  readonly #timer: NodeJS.Timeout;

  /** Begins to tell. Call it when the drain has begun. */
  constructor(options: DrainWatchOptions) {
    this.#options = options;
    // Idle connections are closing, and their clients need a moment for that.
    this.#first = setImmediate(() => this.#tell(isBusy));
    this.#timer = setInterval(() => this.#tell(() => true), TELL_INTERVAL_MS).unref();
  }

  /** Tells no more. */
  stop(): void {
    clearImmediate(this.#first);
    clearInterval(this.#timer);
  }

  /** The limit is over: tells what is cut. */
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

  /** Those with the most connections first. */
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
    const rests = this.#options.listeners().filter(({ connections }) => connections > 0);
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
