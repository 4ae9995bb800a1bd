import { BodyPipe, type OwnedTransform } from './body-pipe.ts';

/** Gets a body that was changed as a whole. */
export interface WholeBodySink {
  made(body: Buffer): void;
  failed(filter: number, error: unknown): void;
}

/** Passes a whole body through transforms. Calls the sink before this returns, unless {@link BodyPipe.isAwaited} of the pipe says otherwise. */
export function transformWhole(
  body: Buffer,
  transforms: readonly OwnedTransform[],
  sink: WholeBodySink,
): BodyPipe {
  const pieces: Buffer[] = [];
  const pipe = new BodyPipe(transforms, {
    write: (bytes) => {
      pieces.push(Buffer.from(bytes));
      return true;
    },
    end: () => {
      sink.made(Buffer.concat(pieces));
    },
    resume: () => undefined,
    failed: (filter, error) => {
      sink.failed(filter, error);
    },
  });
  pipe.data(body, 0, body.length);
  pipe.end();
  return pipe;
}
