import v8 from 'node:v8';
import { describe, expect, it } from 'vitest';

import { heapLimits } from '../../../../src/app/serving/start-workers.ts';

const MIB = 2 ** 20;
const OWN_MIB = Math.floor(v8.getHeapStatistics().heap_size_limit / MIB);

describe('the memory of a worker', () => {
  it.each([0, 2 ** 62])('is as much as that of the main thread where %i bytes are no limit', (bytes) => {
    expect(heapLimits(2, bytes).maxOldGenerationSizeMb).toBe(OWN_MIB);
  });

  it('is its share of the container, of which all together may have half as much again', () => {
    expect(heapLimits(3, 400 * MIB).maxOldGenerationSizeMb).toBe(150);
  });

  it('leaves the size of the young generation to V8', () => {
    expect(heapLimits(2, 0).maxYoungGenerationSizeMb).toBeUndefined();
  });
});
