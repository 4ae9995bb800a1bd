import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';
import { connectionAt, hold, oddProxy } from '../../support/workers/odd-plugin.ts';
import { ThreadList } from '../../support/workers/thread-list.ts';
import { parseExposition } from '../../unit/telemetry/metrics/exposition/exposition.ts';

buildProgram();

const WORKERS = 3;

function config(address: string): string {
  return `
workers: ${WORKERS}
listeners: [{ name: web, listen: '127.0.0.1:0', upstream: api }]
upstreams: [{ name: api, backends: [{ name: b, address: '${address}' }] }]
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
reload: { watch: false }
`;
}

async function scrape(proxy: LabProxy): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://${proxy.adminAddress}/metrics`);
  expect(response.status).toBe(200);
  return parseExposition(await response.text()).values;
}

const REQUESTS = 'balance_requests_total{backend="b",method="GET",status="200"}';
const ACCEPTED = 'balance_listener_connections_accepted_total{listener="web"}';
const BYTES = 'balance_listener_bytes_total{direction="sent",listener="web"}';

/** Makes that many requests over that many connections, and closes these. */
async function load(proxy: LabProxy, connections: number, requests: number): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => client(proxy.address())));
  for (let count = 0; count < requests; count++) {
    const answers = await Promise.all(sockets.map((socket) => get(socket)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  }
  for (const socket of sockets) socket.close();
}

describe('the metrics of several workers', () => {
  it('count what clients have counted, on one page', async () => {
    const { address } = await backend(named('one'));
    const proxy = await labProxy(config(address));
    await load(proxy, 30, 20);
    const values = await scrape(proxy);
    expect(values.get(REQUESTS)).toBe(600);
    expect(values.get('balance_request_duration_seconds_count{backend="b",method="GET"}')).toBe(600);
    expect(values.get('balance_route_requests_total{listener="web",route="default",status="2xx"}')).toBe(600);
    expect(values.get(ACCEPTED)).toBe(30);
    expect(values.get('balance_workers')).toBe(WORKERS);
    expect(values.get('balance_listener_accept_rests_total{listener="web"}')).toBeGreaterThanOrEqual(0);
    for (let worker = 1; worker <= WORKERS; worker++) {
      expect(values.get(`balance_worker_up{worker="${worker}"}`)).toBe(1);
      expect(values.get(`nodejs_heap_size_used_bytes{worker="${worker}"}`)).toBeGreaterThan(1e6);
    }
    expect(values.get('balance_config_commit_skew_seconds')).toBeGreaterThanOrEqual(0);
  });

  it('never fall, though workers end and are replaced', async () => {
    const threads = ThreadList.follow();
    const { address } = await backend(named('one'));
    const proxy = await labProxy(config(address));
    await load(proxy, 30, 10);
    const before = await scrape(proxy);
    expect(before.get(REQUESTS)).toBe(300);
    for (let round = 1; round <= 2; round++) {
      await threads.serving[0]!.terminate();
      const meanwhile = await scrape(proxy);
      expect([meanwhile.get(REQUESTS), meanwhile.get(ACCEPTED), meanwhile.get(BYTES)]).toEqual([
        before.get(REQUESTS),
        before.get(ACCEPTED),
        before.get(BYTES),
      ]);
      await eventually(async () => {
        const { workers } = (await proxy.status()) as { workers: { state: string }[] };
        return workers.every(({ state }) => state === 'serving');
      }, 'it is replaced');
      const after = await scrape(proxy);
      expect([after.get(REQUESTS), after.get(ACCEPTED)]).toEqual([300, 30]);
    }
    await load(proxy, 12, 10);
    const last = await scrape(proxy);
    expect([last.get(REQUESTS), last.get(ACCEPTED)]).toEqual([420, 42]);
    expect(last.get(BYTES)).toBeGreaterThan(before.get(BYTES)!);
    const restarts = [...last].filter(([key]) => key.startsWith('balance_worker_restarts_total'));
    expect(restarts.reduce((sum, [, value]) => sum + value, 0)).toBe(2);
  });

  it('come within about a second while a worker is blocked, which is named; its counts stay', async () => {
    const proxy = await oddProxy('mark: a', "metrics: { listen: '127.0.0.1:0' }");
    const blocked = await connectionAt(proxy, 2);
    const accepted = (await scrape(proxy)).get('balance_listener_connections_accepted_total{listener="one"}');
    const free = await hold(proxy, blocked);
    const values = await scrape(proxy);
    expect(values.get('balance_worker_up{worker="1"}')).toBe(1);
    expect(values.get('balance_worker_up{worker="2"}')).toBe(0);
    expect(values.get('balance_listener_connections_accepted_total{listener="one"}')).toBe(accepted);
    await free();
    await eventually(
      async () => (await scrape(proxy)).get('balance_worker_up{worker="2"}') === 1,
      'it is up',
    );
  });

  it('never fall while one worker still drains what another one has done with', async () => {
    const { address: echo } = await backend(echoing());
    const yaml = (name: string): string => `
workers: 2
listeners: [{ name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: api }]
upstreams: [{ name: api, backends: [{ name: ${name}, address: '${echo}' }] }]
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
reload: { watch: false }
`;
    const proxy = await labProxy(yaml('old'));
    const sockets = await Promise.all(Array.from({ length: 8 }, () => client(proxy.address())));
    for (const socket of sockets) expect(await ask(socket, 'x')).toBe('x');
    const total = async () =>
      (await scrape(proxy)).get('balance_tunnels_total{backend="old",listener="raw"}');
    const workerOf = async () => {
      const { connections } = (await askAdmin(proxy.adminAddress, '/connections')).json() as {
        connections: { worker: number; client: string }[];
      };
      return new Map(connections.map(({ client: peer, worker }) => [peer, worker]));
    };
    expect(await total()).toBe(8);
    const workers = await workerOf();
    expect(new Set(workers.values()).size).toBe(2);
    // Only the first worker goes on with the old backend.
    for (const socket of sockets)
      if (workers.get(`127.0.0.1:${String(socket.socket.localPort)}`) === 2) socket.close();
    await eventually(
      async () => [...(await workerOf()).values()].every((worker) => worker === 1),
      'they end',
    );
    await proxy.change(yaml('new'));
    for (let scrapes = 0; scrapes < 4; scrapes += 1) expect(await total()).toBe(8);
    for (const socket of sockets) socket.close();
    await eventually(async () => (await total()) === undefined, 'the name is gone');
  });
});
