import { expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import type { Message } from '../../support/peers/http-message.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';

const NAME = 'balance_route_requests_total';

/** The values of the routes' series, by `route status`, also those that are zero. */
async function routeCounts(proxy: LabProxy): Promise<Record<string, number>> {
  const { text } = await ScrapedMetrics.from(proxy.adminAddress);
  const counts: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [, route, status, value] =
      new RegExp(`^${NAME}\\{.*route="(.*)",status="(.*)"\\} (.*)$`).exec(line) ?? [];
    if (route === undefined) continue;
    const key = `${route} ${status ?? ''}`;
    expect(counts, 'no series is there twice').not.toHaveProperty([key]);
    counts[key] = Number(value);
  }
  return counts;
}

it('requests by route go on over edits that add, reorder and change routes, and end with a route', async () => {
  const server = await backend(answering(() => ok()));
  const yaml = (listener: string, routes: readonly string[], rest = ''): string => `
listeners:
  - name: ${listener}
    address: '127.0.0.1:0'
    mode: http${rest}
    http: { routes: [${routes.map((name) => `{ name: ${name}, path_prefix: /${name}, upstream: main }`).join(', ')}] }
upstreams: [{ name: main, backends: [{ address: '${server.address}' }] }]
metrics: { listen: '127.0.0.1:0' }
`;
  const proxy = await labProxy(yaml('web', ['one', 'two']));
  const socket = await client(proxy.address());
  const ask = async (...paths: string[]): Promise<void> => {
    for (const path of paths) await get(socket, path);
  };

  expect(await routeCounts(proxy)).toEqual({ 'one 2xx': 0, 'one 5xx': 0, 'two 2xx': 0, 'two 5xx': 0 });
  await ask('/one', '/one', '/two', '/none');
  const counted = { 'one 2xx': 2, 'one 5xx': 0, 'two 2xx': 1, 'two 5xx': 0, 'none 4xx': 1 };
  expect(await routeCounts(proxy)).toMatchObject(counted);

  await proxy.change(yaml('web', ['three', 'two', 'one']));
  await ask('/one', '/three');
  expect(await routeCounts(proxy)).toMatchObject({ ...counted, 'one 2xx': 3, 'three 2xx': 1 });

  // Also between two scrapes a name that is gone takes what it counted along, and another one begins at zero.
  await proxy.change(yaml('web', ['three', 'two', 'uno']));
  await ask('/uno', '/two', '/one');
  expect(await routeCounts(proxy)).toEqual({
    'three 2xx': 1,
    'three 5xx': 0,
    'two 2xx': 2,
    'two 5xx': 0,
    'uno 2xx': 1,
    'uno 5xx': 0,
    'none 2xx': 0,
    'none 4xx': 2,
    'none 5xx': 0,
  });

  // Several workers keep the count of a name that is gone, so that no sum of theirs falls.
  const kept = TEST_WORKERS > 1 ? 3 : 0;
  await proxy.change(yaml('web', ['two', 'one'], '\n    upstream: main'));
  await ask('/one', '/elsewhere');
  expect(await routeCounts(proxy)).toMatchObject({
    'one 2xx': kept + 1,
    'two 2xx': 2,
    'default 2xx': 1,
    'none 4xx': 2,
  });

  await proxy.change(yaml('site', ['two']));
  expect(await routeCounts(proxy)).toEqual({ 'two 2xx': 0, 'two 5xx': 0 });
});

it('a request that ends after its route is gone counts for no other route, and with one worker not for one that gets the name later', async () => {
  const seen: Message[] = [];
  let answerNow = (): void => undefined;
  const answered = new Promise<string>((resolve) => {
    answerNow = () => {
      resolve(ok());
    };
  });
  const server = await backend(answering(() => answered, seen));
  const yaml = (route: string): string => `
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, http: { routes: [{ name: ${route}, path_prefix: /, upstream: main }] } }]
upstreams: [{ name: main, backends: [{ address: '${server.address}' }] }]
metrics: { listen: '127.0.0.1:0' }
`;
  const proxy = await labProxy(yaml('old'));
  const socket = await client(proxy.address());
  const response = get(socket, '/');
  await eventually(() => seen.length === 1, 'the backend has the request');
  await proxy.change(yaml('new'));
  expect(await routeCounts(proxy)).toEqual({ 'new 2xx': 0, 'new 5xx': 0 });
  answerNow();
  expect((await response).status).toBe(200);
  expect(await routeCounts(proxy)).toEqual({ 'new 2xx': 0, 'new 5xx': 0 });
  await proxy.change(yaml('old'));
  expect(await routeCounts(proxy)).toEqual({ 'old 2xx': TEST_WORKERS > 1 ? 1 : 0, 'old 5xx': 0 });
});
