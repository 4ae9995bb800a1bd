import type { Duplex } from 'node:stream';

/** A stream of Node.js that reads what it was written, changed: `zlib.createGzip()`, a `Transform`. */
export type TransformStream = Duplex;

/** Changes a body piece by piece. Each body needs an object of its own. What it throws costs that exchange. */
export interface BodyTransform {
  /** Called before all others: where the new body goes. */
  start(output: BodyOutput): void;
  /**
   * A piece of the old body. It is borrowed: valid until this returns.
   *
   * @returns false when no more may come until {@link BodyOutput.ready}: the sender is paused
   */
  data(piece: Buffer): boolean;
  /** All that has come for now was given: emit what can be emitted, so that events of a stream are not held back. */
  flush?(): void;
  /** The old body is complete. The transform emits the rest, now or later, and calls {@link BodyOutput.end}. */
  end(): void;
  /** The receiver takes more again, after {@link BodyOutput.emit} returned false. */
  drained?(): void;
  /** The body was broken off: nothing more is wanted. Not called after {@link BodyOutput.end}. */
  destroy?(): void;
}

/** Where a transform puts the new body. */
export interface BodyOutput {
  /**
   * A piece of the new body. The memory must not change afterwards, unless the call is made within {@link BodyTransform.data}.
   *
   * @returns false when the receiver is full: emit no more than is at hand until {@link BodyTransform.drained}
   */
  emit(piece: Uint8Array): boolean;
  /** The new body is complete. */
  end(): void;
  /** The transform takes more again, after {@link BodyTransform.data} returned false. */
  ready(): void;
  /** The body can't be made: the exchange fails. */
  fail(error: unknown): void;
}
