import { expect, it } from 'vitest';

import { CLIENT_HELLO_FUZZ } from '../../fuzz/client-hello-fuzz.ts';
import { PROXY_HEADER_FUZZ } from '../../fuzz/proxy-header-fuzz.ts';
import { fuzzCaseOf } from '../../fuzz/reader-fuzz.ts';

const SHOWN_DIGITS = 400;

// More of them: npm run fuzz -- --target client-hello
it.each([
  { name: 'the ClientHello', fuzz: CLIENT_HELLO_FUZZ, cases: 2_000 },
  { name: 'PROXY headers', fuzz: PROXY_HEADER_FUZZ, cases: 10_000 },
])('the reader of $name takes whatever bytes come, in whatever pieces', ({ fuzz, cases }) => {
  for (let seed = 0; seed < cases; seed += 1) {
    const { bytes, wrong } = fuzzCaseOf(fuzz, seed);
    const shown =
      wrong === undefined ? undefined : { seed, wrong, hex: bytes.toString('hex').slice(0, SHOWN_DIGITS) };
    expect(shown).toBeUndefined();
  }
});
