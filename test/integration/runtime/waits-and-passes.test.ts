import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import type { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { fullBacklog } from '../../support/sockets/full-backlog.ts';
import { readMessage } from '../../support/peers/http-message.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A proxy to one backend, named `one`. */
function proxyTo(address: string, more: string, limit = ''): Promise<LabProxy> {
  return labProxy(`listen: "127.0.0.1:0"
backends: [{ name: one, address: "${address}"${limit} }]
logging: { format: json, level: debug }
admin: { listen: "127.0.0.1:0" }
metrics: { enabled: true, listen: "127.0.0.1:0" }
${more}`);
}

/** A backend that holds its first answer until the test releases it. */
async function holdingBackend() {
  const { address, connections } = await backend(() => undefined);
  return { address, connections };
}

async function value(proxy: LabProxy, series: string): Promise<number> {
  const text = await (await fetch(`http://${proxy.adminAddress}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

async function until(proxy: LabProxy, series: string, expected: number): Promise<void> {
  await eventually(async () => (await value(proxy, series)) === expected, `${series} is ${expected}`);
}

/** A request that has the only place, and one that waits for it. */
async function crowd(proxy: LabProxy, isBusy: string): Promise<ByteSocket> {
  const first = await client(proxy.address());
  first.send(REQUEST);
  await until(proxy, isBusy, 1);
  const second = await client(proxy.address());
  second.send(REQUEST);
  return second;
}

const IN_FLIGHT = 'balance_backend_requests_in_flight{backend="one"}';

describe('a request that waits for a full pool', () => {
  it('is refused after acquire_timeout, by that name', async () => {
    const { address } = await holdingBackend();
    const proxy = await proxyTo(
      address,
      'connection_pool: { max_size: 1, acquire_timeout: 100ms }\nqueue: { timeout: 10m }',
    );
    const second = await crowd(proxy, IN_FLIGHT);
    expect((await readMessage(second)).startLine).toContain(' 503 ');
    expect(JSON.parse(await proxy.untilLogged('"status":503'))).toMatchObject({ error: 'pool_timeout' });
    expect(await value(proxy, 'balance_pool_timeouts_total{backend="one"}')).toBe(1);
    expect(await value(proxy, 'balance_queue_timeouts_total{upstream="default"}')).toBe(0);
    expect(await value(proxy, 'balance_pool_waiting{backend="one"}')).toBe(0);
  });
});

describe('a request that waits for max_connections', () => {
  it('shows as waiting in the queue, and for no pool', async () => {
    const { address } = await holdingBackend();
    const limits = 'connection_pool: { max_size: 5, acquire_timeout: 10m }\nqueue: { timeout: 10m }';
    const proxy = await proxyTo(address, limits, ', max_connections: 1');
    await crowd(proxy, IN_FLIGHT);
    await until(proxy, 'balance_queue_waiting{upstream="default"}', 1);
    expect(await value(proxy, 'balance_pool_waiting{backend="one"}')).toBe(0);
  });

  it('is refused after queue.timeout, by that name', async () => {
    const { address } = await holdingBackend();
    const proxy = await proxyTo(
      address,
      'connection_pool: { max_size: 5, acquire_timeout: 10m }\nqueue: { timeout: 100ms }',
      ', max_connections: 1',
    );
    const second = await crowd(proxy, IN_FLIGHT);
    expect((await readMessage(second)).startLine).toContain(' 503 ');
    expect(JSON.parse(await proxy.untilLogged('"status":503'))).toMatchObject({ error: 'queue_timeout' });
    expect(await value(proxy, 'balance_pool_timeouts_total{backend="one"}')).toBe(0);
    expect(await value(proxy, 'balance_queue_timeouts_total{upstream="default"}')).toBe(1);
  });
});

describe('a request that waits for a connection', () => {
  it.each([
    ['http', 'a short acquire_timeout'],
    ['http', 'sockets that are to be ready, and a small pool', 'min_idle: 1, max_size: 1'],
  ])(
    'in mode %s has timeouts.connect as its one limit, whatever the pool says: %s',
    async (_mode, _what, pool = '') => {
      const { host, port } = await fullBacklog();
      const settings = ['acquire_timeout: 1ms', pool].filter((text) => text !== '').join(', ');
      const proxy = await proxyTo(
        `${host}:${port}`,
        `connection_pool: { ${settings} }\ntimeouts: { connect: 400ms }`,
      );
      expect((await get(await client(proxy.address()))).status).toBe(504);
      expect(JSON.parse(await proxy.untilLogged('"status":504'))).toMatchObject({ error: 'connect_timeout' });
      expect(await value(proxy, 'balance_pool_timeouts_total{backend="one"}')).toBe(0);
    },
  );
});

it('a wait for a pool shows, and an edit of acquire_timeout counts for it and keeps the sockets of the pool', async () => {
  const { address, connections } = await holdingBackend();
  const pool = (timeout: string): string => `listen: "127.0.0.1:0"
backends: [{ name: one, address: "${address}" }]
connection_pool: { max_size: 1, acquire_timeout: ${timeout} }
admin: { listen: "127.0.0.1:0" }
metrics: { enabled: true, listen: "127.0.0.1:0" }
`;
  const proxy = await labProxy(pool('10m'));
  const second = await crowd(proxy, IN_FLIGHT);
  await until(proxy, 'balance_pool_waiting{backend="one"}', 1);
  await proxy.change(pool('1ms'));
  expect((await readMessage(second)).startLine).toContain(' 503 ');
  expect(connections.length).toBe(1);
  expect(await value(proxy, 'balance_pool_connections_active{backend="one"}')).toBe(1);
});

describe('a backend that is passed over', () => {
  it('has a line at debug with the reason, and a count', async () => {
    const { address } = await backend(answering(() => ok()));
    const dead = await deadAddress();
    const proxy = await labProxy(`listen: "127.0.0.1:0"
backends:
  - { name: dead, address: "${dead}" }
  - { name: one, address: "${address}" }
logging: { format: json, level: debug }
admin: { listen: "127.0.0.1:0" }
metrics: { enabled: true, listen: "127.0.0.1:0" }
`);
    expect((await get(await client(proxy.address()))).status).toBe(200);
    expect(JSON.parse(await proxy.untilLogged('Backend passed over'))).toMatchObject({
      level: 'debug',
      upstream: 'default',
      backend: 'dead',
      reason: 'failed',
      error: `connect ECONNREFUSED ${dead}`,
      path: '/',
      request_id: expect.any(String) as string,
    });
    expect(await value(proxy, 'balance_backend_passed_over_total{backend="dead",reason="failed"}')).toBe(1);
    expect(await value(proxy, 'balance_backend_passed_over_total{backend="one",reason="failed"}')).toBe(0);
  });

  it.each([
    ['max_connections', ', max_connections: 1', ''],
    ['pool_full', '', 'connection_pool: { max_size: 1 }'],
  ])('because of %s is told so once for each request', async (reason, limit, more) => {
    const { address } = await holdingBackend();
    const proxy = await proxyTo(address, more, limit);
    await crowd(proxy, IN_FLIGHT);
    const line = JSON.parse(await proxy.untilLogged('Backend passed over')) as object;
    expect(line).toMatchObject({ backend: 'one', reason });
    await until(proxy, `balance_backend_passed_over_total{backend="one",reason="${reason}"}`, 1);
  });

  it('because it is unhealthy is told so', async () => {
    const { address } = await backend(answering(() => ok()));
    const proxy = await labProxy(`listen: "127.0.0.1:0"
backends:
  - { name: down, address: "${await deadAddress()}" }
  - { name: one, address: "${address}" }
health_check: { type: tcp, interval: 1s, timeout: 1s, unhealthy_threshold: 1 }
logging: { format: json, level: debug }
`);
    await proxy.untilLogged('backend is unhealthy');
    expect((await get(await client(proxy.address()))).status).toBe(200);
    expect(JSON.parse(await proxy.untilLogged('Backend passed over'))).toMatchObject({
      backend: 'down',
      reason: 'unhealthy',
    });
  });

  it('has no line at the usual level', async () => {
    const { address } = await backend(answering(() => ok()));
    const proxy = await labProxy(`listen: "127.0.0.1:0"
backends: [{ name: dead, address: "${await deadAddress()}" }, { name: one, address: "${address}" }]
`);
    expect((await get(await client(proxy.address()))).status).toBe(200);
    await proxy.untilLogged('status=200');
    expect(await proxy.log()).not.toContain('passed over');
  });
});
