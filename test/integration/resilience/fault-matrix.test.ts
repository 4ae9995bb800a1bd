import { describe, expect, it } from 'vitest';

import { FaultScene, type AnyFault } from '../../support/faults/fault-scene.ts';
import { eventually } from '../../support/time/eventually.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';
const PUT = POST.replace('POST', 'PUT');
const RETRY = 'resilience: { retry: { initial_delay: 0 } }';
const RETRY_ALL =
  'resilience: { retry: { initial_delay: 0, on: [connect-failure, reset, timeout, 500-599], per_try_timeout: 300ms } }';
const HEDGE = 'resilience: { hedge: { after: 200ms } }';
/** No thread is ever so late or so full. */
const CALM =
  'overload: { event_loop_delay: { refuse: 1h, pause: 1h }, heap_percent: { refuse: 100, pause: 100 } }';
/** Any heap is fuller than 0 %. */
const OVERLOADED = 'overload: { heap_percent: { refuse: 0, pause: 100 } }';
/** One request at a time: a place that a failed request keeps would show. */
const ADAPTIVE = 'resilience: { adaptive_concurrency: { min_limit: 1, max_limit: 1, initial_limit: 1 } }';

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

/** These change nothing of what becomes of one request: it sees the same as with no settings. */
const BOUNDS: readonly Column[] = [
  { name: 'overload', yaml: CALM },
  { name: 'adaptive_concurrency', yaml: ADAPTIVE },
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
  ['goes away', '502 1+0', 'ok 1+1', 'ok 1+1', 'ok 1+1', '502 1+0', '502 1+0'],
];

const ROWS = MATRIX.map(([fault, ...cells]) => ({ fault, cells }));

/** All columns, with that row's cell of each. */
function cellsOf(
  cells: readonly string[],
): readonly (readonly [name: string, cell: string, column: Column])[] {
  return [
    ...COLUMNS.map((column, index) => [column.name, cells[index] ?? '', column] as const),
    ...BOUNDS.map((column) => [column.name, cells[0] ?? '', column] as const),
  ];
}

describe.each(ROWS)('a backend that $fault', ({ fault, cells }) => {
  it.each(cellsOf(cells))('with %s: %s', async (_, cell, { yaml, request }) => {
    const scene = await FaultScene.start(fault, yaml);
    const { what } = await scene.ask(request);
    expect(cell.split(' or ')).toContain(`${what} ${scene.tries}`);
    // Whatever failed, the next clients are served, and nothing is left behind.
    expect((await scene.ask()).what).toBe('ok');
  });
});

describe('a backend that comes and goes', () => {
  const ROUNDS = 3;
  const OTHERS = 3;
  const CELLS = cellsOf(ROWS.find(({ fault }) => fault === 'goes away')?.cells ?? []);

  /** What clients see while the bad backend comes back and goes several times. `goes`: after it has got a request. */
  async function sights(scene: FaultScene, request?: string, goes?: () => Promise<void>): Promise<string[]> {
    const seen: string[] = [];
    const ask = async (): Promise<void> => {
      seen.push((await scene.ask(request)).what);
    };
    for (let round = 0; round < ROUNDS; round++) {
      const before = scene.bad?.tries;
      await eventually(
        async () => {
          await ask();
          return scene.bad?.tries !== before;
        },
        () => `it serves again: ${scene.tries}`,
      );
      await goes?.();
      for (let other = 0; other < OTHERS; other++) await ask();
      await scene.bad?.comeBack();
    }
    return seen;
  }

  it.each(CELLS)('with %s costs only the request with which it goes: %s', async (_, cell, column) => {
    const scene = await FaultScene.start('goes away', column.yaml);
    const seen = await sights(scene, column.request);
    const [what] = cell.split(' ');
    expect(seen.filter((one) => one !== 'ok')).toEqual(
      what === 'ok' ? [] : Array.from({ length: ROUNDS }, () => what),
    );
    expect(scene.bad?.tries).toBe(ROUNDS);
  });

  it.each(CELLS)('with %s costs nobody anything between two requests', async (_, _cell, column) => {
    const scene = await FaultScene.start('goes away', column.yaml);
    const { bad } = scene;
    bad!.fault = undefined;
    const seen = await sights(scene, column.request, async () => bad!.goAway());
    expect(seen.filter((what) => what !== 'ok')).toEqual([]);
  });
});

describe('an adaptive limit of one request', () => {
  it.each(ROWS.map(({ fault }) => fault))('has room again after a backend that %s', async (fault) => {
    const scene = await FaultScene.start(fault, ADAPTIVE);
    const { bad } = scene;
    if (bad !== undefined) bad.failures = 1;
    await scene.ask();
    if (fault === 'goes away') await bad?.comeBack();
    const before = bad?.tries;
    // All at once: with a place lost, only the other backend would serve.
    await eventually(
      async () => {
        const sights = await Promise.all(Array.from({ length: 4 }, () => scene.ask()));
        expect(sights.map(({ what }) => what)).toEqual(['ok', 'ok', 'ok', 'ok']);
        return bad === undefined || bad.tries !== before;
      },
      () => `the backend serves again: ${scene.tries}`,
    );
  });
});

describe('an overloaded proxy', () => {
  it.each(ROWS.map(({ fault }) => fault))('asks no backend that %s: 503', async (fault) => {
    const scene = await FaultScene.start(fault, OVERLOADED);
    // Until the first look at the heap, a moment after the start, backends are asked.
    const sight = await eventually(async () => {
      const seen = await scene.ask();
      return seen.field('x-balance-reason') === 'overloaded' ? seen : undefined;
    }, 'a request is refused');
    const { tries } = scene;
    expect([sight.what, (await scene.ask()).what, scene.tries]).toEqual(['503', '503', tries]);
  });
});
