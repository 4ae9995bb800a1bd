import { shortList } from '../../net/short-list.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { DrainingReading, HoldReading } from '../../readings/generation.ts';

/** Most replaced generations are over after this time, and then nothing is logged about them. */
const FIRST_LINE_MS = 5_000;
/** Each further line takes twice as long as the one before, up to this. */
const LONGEST_PAUSE_MS = 10 * 60_000;

/** What is logged of a replaced generation. */
export type WaitedFor = Pick<DrainingReading, 'id' | 'cutAtMs' | 'holds'>;

/** The replaced generations that are not over. */
export interface ReplacedGenerations {
  /** Looks at every connection. */
  readings(): readonly WaitedFor[];
}

export interface DrainLinesOptions {
  readonly logger: Logger;
  readonly generations: ReplacedGenerations;
}

/** When the next line of a generation is due. */
interface NextLine {
  dueAtMs: number;
  pauseMs: number;
  isFirst: boolean;
}

/** Logs what replaced generations wait for: first after five seconds, then less and less often, until they are over. */
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

  /** Nothing runs on a generation any more. The log says so if it said before that something did. */
  over(id: number, sinceMs: number): void {
    if (this.#next.get(id)?.isFirst === false)
      this.#options.logger.info('nothing runs on a replaced config any more', {
        generation: id,
        after_ms: Date.now() - sinceMs,
      });
    this.#next.delete(id);
    if (this.#next.size === 0) this.destroy();
  }

  /** Logs nothing more. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#next.clear();
  }

  #look(): void {
    const now = Date.now();
    if (![...this.#next.values()].some(({ dueAtMs }) => dueAtMs <= now)) return;
    for (const waited of this.#options.generations.readings()) {
      const next = this.#next.get(waited.id);
      if (next === undefined || next.dueAtMs > now) continue;
      next.isFirst = false;
      next.pauseMs = Math.min(next.pauseMs * 2, LONGEST_PAUSE_MS);
      next.dueAtMs = now + next.pauseMs;
      this.#tell(waited, now);
    }
  }

  #tell({ id, cutAtMs, holds }: WaitedFor, now: number): void {
    const most = [...holds].sort((a, b) => b.count - a.count);
    this.#options.logger.info('waiting for what still runs on a replaced config', {
      generation: id,
      requests: sumOf(holds, 'exchange'),
      tunnels: sumOf(holds, 'tunnel'),
      held_by: most.length === 0 ? undefined : shortList(most.map(holdText), '; '),
      cut_in_ms: cutAtMs === undefined ? undefined : Math.max(0, cutAtMs - now),
    });
  }
}

function sumOf(holds: readonly HoldReading[], wanted: HoldReading['kind']): number {
  return holds.reduce((sum, { kind, count }) => sum + (kind === wanted ? count : 0), 0);
}

/** `2 tunnels of listener raw to upstream db, backend db-1`. */
function holdText({ listener, kind, upstream, backend, count }: HoldReading): string {
  const what = `${count} ${kind === 'exchange' ? 'request' : 'tunnel'}${count === 1 ? '' : 's'} of listener ${listener}`;
  const to = upstream === '' ? '' : ` to upstream ${upstream}`;
  return backend === '' ? `${what}${to}` : `${what}${to}, backend ${backend}`;
}
