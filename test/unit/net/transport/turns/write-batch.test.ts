import { expect, it } from 'vitest';

import { WriteBatch, type BatchedWriter } from '../../../../../src/net/transport/turns/write-batch.ts';

class Writer implements BatchedWriter {
  flushes = 0;
  readonly #flushed: () => void;

  constructor(flushed: () => void = () => undefined) {
    this.#flushed = flushed;
  }

  flush(): void {
    this.flushes += 1;
    this.#flushed();
  }
}

async function turnEnds(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('calls the writers at the end of the turn, in the order in which they came', async () => {
  const batch = new WriteBatch();
  const order: number[] = [];
  for (const number of [1, 2, 3]) batch.add(new Writer(() => void order.push(number)));
  await Promise.resolve();
  expect(order).toEqual([]);
  await turnEnds();
  expect(order).toEqual([1, 2, 3]);
  await turnEnds();
  expect(order).toEqual([1, 2, 3]);
});

it('lets no writer wait behind more than 31 others', () => {
  const batch = new WriteBatch();
  const writers = Array.from({ length: 33 }, () => new Writer());
  for (const writer of writers) batch.add(writer);
  expect(writers.map((writer) => writer.flushes)).toEqual([...Array<number>(32).fill(1), 0]);
});

it('calls a writer that comes while others are called', async () => {
  const batch = new WriteBatch();
  const late = new Writer();
  const writer: Writer = new Writer(() => {
    if (writer.flushes === 1) for (const again of [writer, late]) batch.add(again);
  });
  batch.add(writer);
  await turnEnds();
  await turnEnds();
  expect([writer.flushes, late.flushes]).toEqual([2, 1]);
});

it('calls each writer once when so many come while others are called that these fill a batch', async () => {
  const batch = new WriteBatch();
  const late = Array.from({ length: 70 }, () => new Writer());
  batch.add(
    new Writer(() =>
      late.forEach((writer) => {
        batch.add(writer);
      }),
    ),
  );
  await turnEnds();
  await turnEnds();
  expect(late.map((writer) => writer.flushes)).toEqual(late.map(() => 1));
});
