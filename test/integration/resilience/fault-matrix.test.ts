import { describe, expect, it } from 'vitest';

import { FaultScene, type AnyFault } from '../../support/faults/fault-scene.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';
const PUT = POST.replace('POST', 'PUT');
const RETRY = 'resilience: { retry: { initial_delay: 0 } }';
const RETRY_ALL =
  'resilience: { retry: { initial_delay: 0, on: [connect-failure, reset, timeout, 500-599], per_try_timeout: 300ms } }';
const HEDGE = 'resilience: { hedge: { after: 200ms } }';

interface Column {
  readonly name: string;
  readonly yaml: string;
  readonly request?: string;
}

const COLUMNS: readonly Column[] = [
  { name: 'no settings', yaml: '' },
  { name: 'retry', yaml: RETRY },
  { name: 'retry of a PUT', yaml: RETRY, request: PUT },
  { name: 'retry on everything', yaml: RETRY_ALL },
  { name: 'retry of a POST', yaml: RETRY_ALL, request: POST },
  { name: 'hedge', yaml: HEDGE },
];

/** A reset that comes before the request was sent is a failed connect, after which another backend is chosen. */
const SOON = '502 1+0 or ok 1+1';

/**
 * The first request gets the backend that fails. In each cell: what the client saw, and how many tries reached the bad backend and the good
 * one. `ok` is the whole answer of a backend that works. `cut` is one that ended early, as the client can see.
 */
const MATRIX: readonly (readonly [AnyFault, ...string[]])[] = [
  //                             no settings  retry      of a PUT   everything  of a POST  hedge
  ['refuses', 'ok 0+1', 'ok 0+1', 'ok 0+1', 'ok 0+1', 'ok 0+1', 'ok 0+1'],
  ['never accepts', 'ok 0+1', 'ok 0+1', 'ok 0+1', 'ok 0+1', 'ok 0+1', 'ok 0+1'],
  ['resets at accept', SOON, 'ok 1+1', 'ok 1+1', 'ok 1+1', SOON, SOON],
  ['ends without a response', '502 1+0', 'ok 1+1', 'ok 1+1', 'ok 1+1', '502 1+0', '502 1+0'],
  ['resets without a response', '502 1+0', 'ok 1+1', 'ok 1+1', 'ok 1+1', '502 1+0', '502 1+0'],
  ['resets in the head', '502 1+0', '502 1+0', '502 1+0', '502 1+0', '502 1+0', '502 1+0'],
  ['resets in the body', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0'],
  ['resets in a chunked body', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0'],
  ['stalls', '504 1+0', '504 1+0', '504 1+0', 'ok 1+1', '504 1+0', 'ok 1+1'],
  ['stalls in the head', '504 1+0', '504 1+0', '504 1+0', '504 1+0', '504 1+0', 'ok 1+1'],
  ['stalls in the body', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0', 'cut 1+0'],
  ['answers garbage', '502 1+0', '502 1+0', '502 1+0', '502 1+0', '502 1+0', '502 1+0'],
  ['answers 500', '500 1+0', '500 1+0', '500 1+0', 'ok 1+1', '500 1+0', '500 1+0'],
];

const ROWS = MATRIX.map(([fault, ...cells]) => ({ fault, cells }));

describe.each(ROWS)('a backend that $fault', ({ fault, cells }) => {
  it.each(COLUMNS.map((column, index) => [column.name, cells[index], column] as const))(
    'with %s: %s',
    async (_, cell, { yaml, request }) => {
      const scene = await FaultScene.start(fault, yaml);
      const { what } = await scene.ask(request);
      expect(cell?.split(' or ')).toContain(`${what} ${scene.tries}`);
      // Whatever failed, the next clients are served, and nothing is left behind.
      expect((await scene.ask()).what).toBe('ok');
    },
  );
});
