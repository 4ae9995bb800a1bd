import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { statusOf } from '../../../support/peers/http-message.ts';
import type { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { get } from '../scene.ts';
import { ask, failure, resilientScene, stalls } from './retries-scene.ts';

interface Scene {
  readonly proxy: LabProxy;
  readonly failing: RecordingBackend;
  change(routes: string, resilience?: string): Promise<string>;
  /** How many tries a request makes. */
  tries(path: string, method?: string): Promise<number>;
}

/** One backend that is always busy, behind routes with settings of their own. */
async function scene(workers: number, routes: string, resilience: string): Promise<Scene> {
  let requests = 0;
  const failing = await backend(
    answering(() => {
      requests += 1;
      return failure();
    }),
  );
  const config = (ofRoutes: string, ofUpstream: string): string => `
workers: ${String(workers)}
listen: '127.0.0.1:0'
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
backends: [{ name: busy, address: '${failing.address}' }]
resilience: { ${ofUpstream} }
http: { routes: [${ofRoutes}] }
`;
  const proxy = await labProxy(config(routes, resilience));
  return {
    proxy,
    failing,
    change: (ofRoutes, ofUpstream = resilience) => proxy.change(config(ofRoutes, ofUpstream)),
    tries: async (path, method = 'GET') => {
      const before = requests;
      await (await fetch(`http://${proxy.address()}${path}`, { method })).text();
      return requests - before;
    },
  };
}

const RETRY = 'retry: { max_attempts: 2, on: [503], initial_delay: 0 }';

describe.each([1, 2])('a route with workers: %i', (workers) => {
  it('changes how often, on what and with which methods requests are tried again', async () => {
    const { tries } = await scene(
      workers,
      `{ name: more, path_prefix: /more, retry: { max_attempts: 4 } },
       { name: other, path_prefix: /other, retry: { on: [reset] } },
       { name: posts, path_prefix: /posts, retry: { methods: [POST] } },
       { name: once, path_prefix: /once, retry: false },
       { name: same, path_prefix: /same, retry: true }`,
      RETRY,
    );
    expect(await tries('/more')).toBe(4);
    expect(await tries('/other')).toBe(1);
    expect(await tries('/posts', 'POST')).toBe(2);
    expect(await tries('/posts')).toBe(1);
    expect(await tries('/once')).toBe(1);
    expect(await tries('/same')).toBe(2);
    expect(await tries('/')).toBe(2);
  });

  it('is edited live, and so are the retries of its upstream', async () => {
    const { tries, change } = await scene(workers, '{ name: a, path_prefix: / }', RETRY);
    expect(await tries('/')).toBe(2);
    expect(await change('{ name: a, path_prefix: /, retry: { max_attempts: 3 } }')).toContain('retry');
    expect(await tries('/')).toBe(3);
    await change('{ name: a, path_prefix: /, retry: false }');
    expect(await tries('/')).toBe(1);
    await change('{ name: a, path_prefix: / }', 'retry: { max_attempts: 5, on: [503], initial_delay: 0 }');
    expect(await tries('/')).toBe(5);
    await change('{ name: a, path_prefix: / }', 'retry: { enabled: false }');
    expect(await tries('/')).toBe(1);
  });
});

describe.each([1, 2])('a hedge with workers: %i', (workers) => {
  it('is edited live', async () => {
    const quick = await backend(answering(() => ok('quick')));
    const slow = await backend(
      answering(async () => {
        await wait(1_500);
        return ok('slow');
      }),
    );
    const config = (resilience: string): string => `
workers: ${String(workers)}
listen: '127.0.0.1:0'
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
backends: [{ name: quick, address: '${quick.address}' }, { name: slow, address: '${slow.address}' }]
resilience: { ${resilience} }
`;
    const proxy = await labProxy(config('hedge: { after: 30s }'));
    /** What two requests got, whose first tries are at one backend each. */
    const answers = async (): Promise<string[]> => {
      const got: string[] = [];
      for (let request = 0; request < 2; request++)
        got.push(await (await fetch(`http://${proxy.address()}/`)).text());
      return got.sort();
    };
    expect(await answers()).toEqual(['quick', 'slow']);
    await proxy.change(config('hedge: { after: 20ms }'));
    expect(await answers()).toEqual(['quick', 'quick']);
    await proxy.change(config('hedge: { enabled: false, after: 20ms }'));
    expect(await answers()).toEqual(['quick', 'slow']);
  });
});

describe('a hedge of a route', () => {
  const works = answering(() => ok('second'));

  it('is its own, or none', async () => {
    const { proxy, backends } = await resilientScene(
      [stalls, works],
      'retry: { max_attempts: 1, per_try_timeout: 300ms }',
      'http: { routes: [{ path_prefix: /hedged, hedge: { after: 20ms } }, { path_prefix: /, hedge: false }] }',
    );
    expect((await ask(proxy, get('/hedged'))).body.toString()).toBe('second');
    const before = backends[1]!.connections.length;
    // The turn is that of the second backend, or of the one that never answers.
    const statuses = [statusOf(await ask(proxy, get('/a'))), statusOf(await ask(proxy, get('/b')))];
    expect(statuses.sort()).toEqual([200, 504]);
    expect(backends[1]!.connections.length - before).toBeLessThanOrEqual(1);
  });

  it('has a per_try_timeout for each of its two tries', async () => {
    const answersLate = answering(async () => {
      // The first try has come to its end by its own limit.
      await (await backends[0]!.connection(0)).untilEnded();
      return ok('second');
    });
    const { proxy, backends } = await resilientScene(
      [stalls, answersLate],
      'hedge: { after: 700ms }, retry: { on: [timeout], per_try_timeout: 1s, max_attempts: 1 }',
    );
    expect((await ask(proxy, get())).body.toString()).toBe('second');
  });
});
