import type { Attempts, Delivery, RequestCase } from '../case.ts';
import { chunkShapes, trailers } from './chunk-shapes.ts';
import { bodies, connectionFields } from './connection-fields.ts';
import { framingNames } from './framing-names.ts';
import { framingTwice, framingValues } from './framing-values.ts';
import { hosts } from './hosts.ts';
import { byteSweep, lineEnds } from './line-ends.ts';
import { mixtures } from './mixtures.ts';
import { pipelines, sizes } from './pipelines.ts';
import { startLines } from './start-lines.ts';

const FAMILIES: readonly (readonly [string, () => Attempts])[] = [
  ['framing names', framingNames],
  ['framing values', framingValues],
  ['framing twice', framingTwice],
  ['chunks', chunkShapes],
  ['trailers', trailers],
  ['line ends', lineEnds],
  ['start lines', startLines],
  ['hosts', hosts],
  ['connection fields', connectionFields],
  ['bodies', bodies],
  ['pipelines', pipelines],
  ['sizes', sizes],
  ['single bytes', byteSweep],
  ['mixtures', mixtures],
];

/** Beyond that a case is not sent byte by byte: it would take too long. */
const MOST_SINGLE_BYTES = 600;

/** All cases, in an order that never depends on anything but this code. */
export function allCases(): RequestCase[] {
  const cases: RequestCase[] = [];
  const known = new Set<string>();
  for (const [family, attempts] of FAMILIES) {
    for (const [what, bytes] of attempts()) {
      if (known.has(bytes)) continue;
      known.add(bytes);
      const index = cases.length;
      cases.push({ index, family, what, bytes, delivery: deliveryOf(index, bytes) });
    }
  }
  return cases;
}

/** Every `step`th case. */
export function sampleOf<Case>(cases: readonly Case[], step: number): Case[] {
  return cases.filter((_, position) => position % step === 0);
}

function deliveryOf(index: number, bytes: string): Delivery {
  if (index % 5 === 3) return 'two-pieces';
  if (index % 7 === 5 && bytes.length <= MOST_SINGLE_BYTES) return 'single-bytes';
  return 'whole';
}
