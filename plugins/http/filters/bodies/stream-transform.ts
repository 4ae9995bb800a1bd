import type { BodyOutput, BodyTransform, TransformStream } from '../../../../src/plugin-api/index.ts';

/** What streams of zlib have beside those of Node.js. */
interface FlushingStream {
  flush?(): void;
}

/** A stream of Node.js as a transform of a body. */
export class StreamTransform implements BodyTransform {
  readonly #stream: TransformStream;
  readonly #flushes: boolean;
  /** True when the stream got bytes since the last flush. */
  #hasMore = false;

  constructor(stream: TransformStream, flushes: boolean) {
    this.#stream = stream;
    this.#flushes = flushes;
  }

  start(output: BodyOutput): void {
    const stream = this.#stream;
    // An event of the stream has no caller that could catch an error.
    const guarded = (work: () => void) => () => {
      try {
        work();
      } catch (error) {
        output.fail(error);
      }
    };
    stream.on('data', (piece: Uint8Array) => {
      guarded(() => {
        if (!output.emit(piece)) stream.pause();
      })();
    });
    stream.on(
      'end',
      guarded(() => {
        output.end();
      }),
    );
    stream.on(
      'drain',
      guarded(() => {
        output.ready();
      }),
    );
    stream.on('error', (error) => {
      output.fail(error);
    });
    stream.on('close', () => {
      if (!stream.readableEnded) output.fail(new Error('the stream closed before its end'));
    });
  }

  data(piece: Buffer): boolean {
    this.#hasMore = true;
    // The stream reads the piece later.
    return this.#stream.write(Buffer.from(piece));
  }

  flush(): void {
    if (!this.#flushes || !this.#hasMore || this.#stream.writableEnded) return;
    this.#hasMore = false;
    (this.#stream as FlushingStream).flush?.();
  }

  end(): void {
    this.#stream.end();
  }

  drained(): void {
    this.#stream.resume();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
