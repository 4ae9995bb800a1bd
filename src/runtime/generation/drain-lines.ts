import { shortList } from '../../net/short-list.ts';
import type { Logger } from '../../plugin-api/index.ts';

/** Most of what an edit replaced is over by then, and nobody has to hear of it. */
const FIRST_LINE_MS = 5_000;
/** Each further line takes twice as long as the one before, up to this. */
const LONGEST_PAUSE_MS = 10 * 60_000;

/** What keeps a replaced generation from being over. */
export interface WaitedFor {
  readonly id: number;
  /** When it was replaced, ms since 1970. */
  readonly sinceMs: number;
  /** When what still runs is cut, ms since 1970; undefined without a limit. */
  readonly untilMs: number | undefined;
  readonly holders: readonly Holder[];
}

interface Holder {
  readonly listener: string;
  readonly kind: 'exchange' | 'tunnel';
  readonly upstream: string;
  readonly backend: string;
  readonly count: number;
}

export interface DrainLinesOptions {
  readonly logger: Logger;
  /** All replaced generations that are not over; costs a look at every connection. */
  readonly waitedFor: () => readonly WaitedFor[];
}

/** When the next line of a generation is due. */
interface NextLine {
  dueAtMs: number;
  pauseMs: number;
  isFirst: boolean;
}

/** Tells in the log what replaced generations wait for: after some seconds, and then ever more seldom, until they are over. */
export class DrainLines {
  readonly #options: DrainLinesOptions;
  readonly #next = new Map<number, NextLine>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DrainLinesOptions) {
    this.#options = options;
  }

  /** A generation was replaced and still runs something. */
  begin(id: number): void {
    this.#next.set(id, { dueAtMs: Date.now() + FIRST_LINE_MS, pauseMs: FIRST_LINE_MS, isFirst: true });
    this.#timer ??= setInterval(() => {
      this.#look();
    }, FIRST_LINE_MS).unref();
  }

  /** Nothing runs on it any more: the log says so where it said that something did. */
  over(id: number, sinceMs: number): void {
    if (this.#next.get(id)?.isFirst === false)
      this.#options.logger.info('nothing runs on a replaced config any more', {
        generation: id,
        after_ms: Date.now() - sinceMs,
      });
    this.#next.delete(id);
    if (this.#next.size === 0) this.destroy();
  }

  /** Tells no more. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#next.clear();
  }

  #look(): void {
    const now = Date.now();
    if (![...this.#next.values()].some(({ dueAtMs }) => dueAtMs <= now)) return;
    for (const waited of this.#options.waitedFor()) {
      const next = this.#next.get(waited.id);
      if (next === undefined || next.dueAtMs > now) continue;
      next.isFirst = false;
      next.pauseMs = Math.min(next.pauseMs * 2, LONGEST_PAUSE_MS);
      next.dueAtMs = now + next.pauseMs;
      this.#tell(waited, now);
    }
  }

  #tell({ id, untilMs, holders }: WaitedFor, now: number): void {
    const most = [...holders].sort((a, b) => b.count - a.count);
    this.#options.logger.info('waiting for what still runs on a replaced config', {
      generation: id,
      requests: sumOf(holders, 'exchange'),
      tunnels: sumOf(holders, 'tunnel'),
      held_by: most.length === 0 ? undefined : shortList(most.map(holderText), '; '),
      cut_in_ms: untilMs === undefined ? undefined : Math.max(0, untilMs - now),
    });
  }
}

function sumOf(holders: readonly Holder[], wanted: Holder['kind']): number {
  return holders.reduce((sum, { kind, count }) => sum + (kind === wanted ? count : 0), 0);
}

/** `2 tunnels of listener raw to upstream db, backend db-1`. */
function holderText({ listener, kind, upstream, backend, count }: Holder): string {
  const what = `${count} ${kind === 'exchange' ? 'request' : 'tunnel'}${count === 1 ? '' : 's'} of listener ${listener}`;
  const to = upstream === '' ? '' : ` to upstream ${upstream}`;
  return backend === '' ? `${what}${to}` : `${what}${to}, backend ${backend}`;
}
