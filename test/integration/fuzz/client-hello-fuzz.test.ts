import { expect, it } from 'vitest';

import { fuzzedHello, judgeHello } from '../../fuzz/client-hello-fuzz.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const CASES = 2_000;

it('the reader of the ClientHello takes whatever bytes come, in whatever pieces', () => {
  for (let seed = 0; seed < CASES; seed += 1) {
    const random = new SeededRandom(seed);
    const bytes = fuzzedHello(random);
    const wrong = judgeHello(bytes, random);
    expect(
      wrong === undefined ? undefined : { seed, wrong, hex: bytes.toString('hex').slice(0, 400) },
    ).toBeUndefined();
  }
});
