import type { BodyOutput, BodyTransform, TransformStream } from '../../../../src/plugin-api/index.ts';
import { StreamTransform } from './stream-transform.ts';

/** A transform, and which filter of the chain it belongs to. */
export interface OwnedTransform {
  readonly filter: number;
  readonly transform: BodyTransform;
}

/** Where the body goes after its last transform. */
export interface BodySink {
  /** False when no more should come until {@link BodyPipe.drained}. */
  write(bytes: Buffer): boolean;
  /** The body is complete. */
  end(): void;
  /** The first transform takes more again. */
  resume(): void;
  failed(filter: number, error: unknown): void;
}

/** What a filter gave as a transform, as a {@link BodyTransform}. Throws a TypeError when it is none. */
export function bodyTransform(given: BodyTransform | TransformStream, flushes: boolean): BodyTransform {
  if (isStream(given)) return new StreamTransform(given, flushes);
  const { start, data, end } = given as Partial<BodyTransform>;
  if (typeof start !== 'function' || typeof data !== 'function' || typeof end !== 'function')
    throw new TypeError('a transform must be a stream, or have the functions start, data and end');
  return given;
}

function isStream(given: BodyTransform | TransformStream): given is TransformStream {
  const { pipe, write } = given as Partial<TransformStream>;
  return typeof pipe === 'function' && typeof write === 'function';
}

/** A body on its way through transforms, with backpressure from its receiver to its sender. */
export class BodyPipe {
  readonly #stages: readonly Stage[];
  readonly #sink: BodySink;
  #isBlocked = false;
  #hasEnded = false;
  /** True once it ended, failed or was destroyed: nothing more happens. */
  #isOver = false;

  constructor(transforms: readonly OwnedTransform[], sink: BodySink) {
    this.#sink = sink;
    this.#stages = transforms.map((owned, index) => new Stage(owned, index, this));
    for (const stage of this.#stages)
      stage.run(() => {
        stage.transform.start(stage);
      });
  }

  /** True while it waits for a transform, and not for the receiver or the sender. */
  get isAwaited(): boolean {
    return !this.#isOver && !this.#isBlocked && (this.#hasEnded || this.#stages.some(({ isFull }) => isFull));
  }

  /** Gives it a piece, in borrowed memory. False when no more should come until `resume` of the sink. */
  data(bytes: Buffer, start: number, end: number): boolean {
    if (this.#isOver || this.#hasEnded) return true;
    this.#stages[0]?.take(bytes.subarray(start, end));
    return !this.#isBlocked && this.#stages[0]?.isFull !== true;
  }

  /** All that has come for now was given. */
  flush(): void {
    for (const stage of this.#stages)
      stage.run(() => {
        stage.transform.flush?.();
      });
  }

  /** The old body is complete. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const [first] = this.#stages;
    first?.run(() => {
      first.transform.end();
    });
  }

  /** The receiver takes more again. */
  drained(): void {
    this.#isBlocked = false;
    const last = this.#stages.at(-1);
    last?.run(() => {
      last.transform.drained?.();
    });
    if (this.#takesMore) this.#sink.resume();
  }

  get #takesMore(): boolean {
    return !this.#isBlocked && this.#stages[0]?.isFull !== true;
  }

  /** A transform takes too long. */
  timedOut(): void {
    const stage = this.#stages.find(({ isFull, hasEnded }) => isFull || !hasEnded);
    if (stage !== undefined) this.fail(stage, new Error('the transform of the body took too long'));
  }

  /** The exchange is over. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { transform } of this.#stages) {
      try {
        transform.destroy?.();
      } catch {
        // The body was broken off: nobody waits for it.
      }
    }
  }

  /** A stage emitted a piece. */
  pass(from: number, piece: Uint8Array): boolean {
    if (this.#isOver) return false;
    const bytes = Buffer.isBuffer(piece)
      ? piece
      : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const next = this.#stages[from + 1];
    if (next !== undefined) {
      next.take(bytes);
      return !next.isFull;
    }
    if (!this.#sink.write(bytes)) this.#isBlocked = true;
    return !this.#isBlocked;
  }

  passEnd(from: number): void {
    if (this.#isOver) return;
    const next = this.#stages[from + 1];
    if (next !== undefined)
      next.run(() => {
        next.transform.end();
      });
    else {
      this.#isOver = true;
      this.#sink.end();
    }
  }

  /** A stage takes more again. */
  ready(stage: number): void {
    if (this.#isOver) return;
    const before = this.#stages[stage - 1];
    if (before !== undefined)
      before.run(() => {
        before.transform.drained?.();
      });
    else if (!this.#isBlocked && !this.#hasEnded) this.#sink.resume();
  }

  fail({ filter }: OwnedTransform, error: unknown): void {
    if (this.#isOver) return;
    this.destroy();
    this.#sink.failed(filter, error);
  }

  get isOver(): boolean {
    return this.#isOver;
  }
}

/** One transform of a pipe. */
class Stage implements BodyOutput, OwnedTransform {
  readonly filter: number;
  readonly transform: BodyTransform;
  /** True while the transform takes no more. */
  isFull = false;
  hasEnded = false;
  readonly #index: number;
  readonly #pipe: BodyPipe;

  constructor({ filter, transform }: OwnedTransform, index: number, pipe: BodyPipe) {
    this.filter = filter;
    this.transform = transform;
    this.#index = index;
    this.#pipe = pipe;
  }

  take(bytes: Buffer): void {
    this.run(() => {
      // Plain JavaScript that returns nothing takes everything.
      if ((this.transform.data(bytes) as boolean | undefined) === false) this.isFull = true;
    });
  }

  /** Calls the filter's code: what it throws costs the exchange, and nothing else. */
  run(call: () => void): void {
    if (this.#pipe.isOver) return;
    try {
      call();
    } catch (error) {
      this.#pipe.fail(this, error);
    }
  }

  emit(piece: Uint8Array): boolean {
    if (this.hasEnded) throw new Error('a transform emitted bytes after its end');
    if (!(piece instanceof Uint8Array)) throw new TypeError('a transform can only emit bytes');
    return piece.length === 0 || this.#pipe.pass(this.#index, piece);
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#pipe.passEnd(this.#index);
  }

  ready(): void {
    if (!this.isFull) return;
    this.isFull = false;
    this.#pipe.ready(this.#index);
  }

  fail(error: unknown): void {
    this.#pipe.fail(this, error);
  }
}
