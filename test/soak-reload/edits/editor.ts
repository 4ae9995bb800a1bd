import { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../../soak/traffic.ts';
import { changeModel } from '../model/change-model.ts';
import type { ConfigModel } from '../model/config-model.ts';
import { renderConfig, renderPieces, type Places } from '../model/render-config.ts';
import { spoilConfig } from '../model/spoil-config.ts';
import type { ReloadTarget } from '../target/reload-target.ts';
import { WAYS, type ConfigFile, type Way } from './config-file.ts';
import type { Journal } from './journal.ts';

export interface EditorOptions {
  readonly seed: number;
  /** Edits a second. */
  readonly rate: number;
  readonly file: ConfigFile;
  readonly places: Places;
  readonly journal: Journal<ConfigModel>;
  readonly target: ReloadTarget;
}

/** How the proxy learns of an edit. */
type Call = 'watch' | 'signal' | 'request';

const CALLS: readonly Call[] = ['watch', 'watch', 'signal', 'signal', 'request', 'request'];
const NOTHING: ReadonlyMap<string, string | undefined> = new Map();
const VALID_SHARE = 0.72;
/** Of those who ask for a reload by a request: who waits for its answer before the next edit. */
const WAITING_SHARE = 0.4;
/** Every so manieth edit is one of which it is awaited, and told, when it is live. */
const AWAITED_STEP = 40;
/** An edit that is not live after that long was missed. */
const LIVE_LIMIT_MS = 20_000;

/** Edits the config without an end; what it writes follows from the seed. */
export class Editor {
  valid = 0;
  invalid = 0;
  readonly byWay = new Map<Way, number>();
  /** From the beginning of writing until it was seen live, of awaited edits, by the way of writing. */
  readonly liveAfterMs: { way: Way; ms: number }[] = [];
  readonly failures: string[] = [];
  readonly #options: EditorOptions;
  readonly #random: SeededRandom;
  #model: ConfigModel;
  #marker = 0;
  /** Reloads that were asked for and not answered yet. */
  readonly #asked = new Set<Promise<void>>();

  constructor(options: EditorOptions, first: ConfigModel) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#model = first;
  }

  get count(): number {
    return this.#marker;
  }

  /** Makes edits until `stopping` aborts, or until it has made `limit` of them. */
  async run(stopping: AbortSignal, limit = Infinity): Promise<void> {
    const gapMs = 1000 / this.#options.rate;
    let nextAtMs = performance.now();
    while (!stopping.aborted && this.#marker < limit) {
      const isAwaited = this.#marker % AWAITED_STEP === AWAITED_STEP - 1;
      if (isAwaited) await this.awaited();
      else
        await this.#edit(
          this.#random.next() < VALID_SHARE,
          this.#random.pick(WAYS),
          this.#random.pick(CALLS),
        );
      // Time lost to an awaited edit is not made up for with a burst; bursts come by chance.
      nextAtMs = Math.max(nextAtMs, performance.now() - 1000) + gapMs * (this.#random.next() * 1.8 + 0.1);
      await rest(Math.max(0, nextAtMs - performance.now()));
    }
    await Promise.allSettled(this.#asked);
  }

  /** A valid edit that nobody tells the proxy of, and that must be live in time. */
  async awaited(): Promise<void> {
    const way = this.#random.pick(WAYS);
    const edit = await this.#edit(true, way, 'watch');
    const isLive = await this.#options.journal.untilLive(edit.marker, LIVE_LIMIT_MS);
    if (isLive) this.liveAfterMs.push({ way, ms: performance.now() - edit.writtenAtMs });
    else this.failures.push(`edit ${edit.marker} (${way}: ${edit.what}) was never seen live`);
  }

  async #edit(
    isValid: boolean,
    way: Way,
    call: Call,
  ): Promise<{ marker: number; what: string; writtenAtMs: number }> {
    const { journal, file, places } = this.#options;
    const marker = (this.#marker += 1);
    const model = structuredClone(this.#model);
    model.marker = marker;
    const what = changeModel(model, this.#random, places);
    this.byWay.set(way, (this.byWay.get(way) ?? 0) + 1);
    const spoiled = isValid ? undefined : spoilConfig(model, this.#random, places);
    const text = spoiled?.text ?? renderConfig(model, places);
    const edit = journal.add(marker, spoiled?.what ?? what, isValid ? model : undefined);
    if (isValid) {
      this.valid += 1;
      this.#model = model;
    } else this.invalid += 1;
    // A bad edit leaves the files beside it alone.
    const pieces = isValid ? renderPieces(model, places) : NOTHING;
    await file.writeAll(text, pieces, way, this.#random);
    await this.#call(call, marker, isValid, edit.what);
    return edit;
  }

  async #call(call: Call, marker: number, isValid: boolean, what: string): Promise<void> {
    const { target } = this.#options;
    if (call === 'watch') return;
    if (call === 'signal' || target.reload === undefined) {
      target.signal();
      return;
    }
    const answered = target
      .reload()
      .then(
        (outcome) => this.#judge(outcome, marker, isValid, what),
        (error: unknown) => this.failures.push(`edit ${marker} (${what}): ${String(error)}`),
      )
      .then(() => {
        this.#asked.delete(answered);
      });
    this.#asked.add(answered);
    // Without the wait, the file is edited again before the answer comes, at times while it is being read.
    if (this.#random.next() < WAITING_SHARE) await answered;
  }

  /** Only when the file is still what it was when the reload was asked for, the answer must be about that. */
  #judge(outcome: { ok: boolean; message: string }, marker: number, isValid: boolean, what: string): void {
    if (marker !== this.#marker) return;
    if (outcome.ok === isValid) {
      if (isValid) this.#options.journal.sawLive(marker);
    } else if (isValid) this.failures.push(`edit ${marker} (${what}) was refused: ${outcome.message}`);
    else this.failures.push(`edit ${marker} (${what}) is invalid and was taken`);
  }
}
