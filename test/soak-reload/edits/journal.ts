/** One state that a file was brought into. */
export interface Edit<Model> {
  readonly marker: number;
  readonly what: string;
  /** The model that the proxy must follow when the edit is live; undefined for an edit that must change nothing. */
  readonly model: Model | undefined;
  /** When writing began, on the clock of `performance.now()`. */
  readonly writtenAtMs: number;
  /** When it was first seen to be live. */
  liveAtMs: number | undefined;
  /** When a later one was first seen to be live: from then on nothing new may begin on this one. */
  supersededAtMs: number;
}

/** Which edits were made, and what is known of when they were live: enough to judge a response. */
export class Journal<Model> {
  readonly #edits = new Map<number, Edit<Model>>();
  #newestLive = -1;
  /** Edits whose end is not known. */
  #open: Edit<Model>[] = [];
  readonly #watchers = new Set<() => void>();

  get edits(): readonly Edit<Model>[] {
    return [...this.#edits.values()];
  }

  /** The newest edit that is known to have been live. */
  get newestLive(): number {
    return this.#newestLive;
  }

  /** Notes an edit that is about to be written. */
  add(marker: number, what: string, model: Model | undefined): Edit<Model> {
    const writtenAtMs = performance.now();
    const edit: Edit<Model> = {
      marker,
      what,
      model,
      writtenAtMs,
      liveAtMs: undefined,
      supersededAtMs: Infinity,
    };
    this.#edits.set(marker, edit);
    if (model !== undefined) this.#open.push(edit);
    return edit;
  }

  /** That edit was seen to be live just now. */
  sawLive(marker: number): void {
    if (marker <= this.#newestLive) return;
    const edit = this.#edits.get(marker);
    if (edit?.model === undefined) return;
    const now = performance.now();
    this.#newestLive = marker;
    edit.liveAtMs = now;
    for (const older of this.#open) if (older.marker < marker) older.supersededAtMs = now;
    this.#open = this.#open.filter((one) => one.marker >= marker);
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Whether a request that began then and ends now may have been served under that edit: the edit, or why not. */
  judge(marker: number, begunAtMs: number): Edit<Model> & { model: Model } {
    const edit = this.#edits.get(marker);
    if (edit === undefined) throw new Error(`it names generation ${marker}, which was never written`);
    const { model } = edit;
    if (model === undefined) throw new Error(`it names generation ${marker}, which is invalid: ${edit.what}`);
    if (edit.supersededAtMs < begunAtMs) {
      const lateMs = (begunAtMs - edit.supersededAtMs).toFixed(1);
      throw new Error(
        `it names generation ${marker}, of which a later one was live ${lateMs} ms before the request`,
      );
    }
    this.sawLive(marker);
    return Object.assign(edit, { model });
  }

  /** The models of all edits that may have been live between then and now. */
  possibleSince(begunAtMs: number): Model[] {
    const models: Model[] = [];
    for (const { model, supersededAtMs } of this.#edits.values())
      if (model !== undefined && supersededAtMs >= begunAtMs) models.push(model);
    return models;
  }

  /** Resolves with whether that edit, or a later one, was seen live in time. */
  async untilLive(marker: number, limitMs: number): Promise<boolean> {
    if (this.#newestLive >= marker) return true;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(this.#newestLive >= marker);
      };
      const look = (): void => {
        if (this.#newestLive >= marker) done();
      };
      const timer = setTimeout(done, limitMs);
      this.#watchers.add(look);
    });
  }
}
