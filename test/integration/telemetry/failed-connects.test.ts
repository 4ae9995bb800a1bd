import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client, fate } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { fullBacklog } from '../../support/sockets/full-backlog.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

type Line = Readonly<Record<string, unknown>>;

/** A proxy to these backends, in their order. */
async function proxyTo(backends: Readonly<Record<string, string>>, more = ''): Promise<LabProxy> {
  const list = Object.entries(backends).map(([name, address]) => `{ name: ${name}, address: "${address}" }`);
  return labProxy(
    `listen: "127.0.0.1:0"\nbackends: [${list.join(', ')}]\nlogging: { format: json }\nadmin: { listen: "127.0.0.1:0" }\nmetrics: { enabled: true, listen: "127.0.0.1:0" }\n${more}`,
  );
}

/** The first line of that kind in the log. */
async function lineWith(proxy: LabProxy, text: string): Promise<Line> {
  return JSON.parse(await proxy.untilLogged(text)) as Line;
}

/** The metrics lines that begin so, without those of what did not happen. */
async function series(proxy: LabProxy, name: string): Promise<string[]> {
  return eventually(async () => {
    const text = await (await fetch(`http://${proxy.adminAddress}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && !line.endsWith(' 0'));
    return lines.length > 0 ? lines : undefined;
  }, name);
}

describe('a request whose backend can not be connected to', () => {
  it.each<[why: string, address: () => Promise<string>, status: number, error: string]>([
    ['refuses', deadAddress, 502, 'connect_failed'],
    ['has a name that no server knows', () => Promise.resolve('nowhere.invalid:80'), 502, 'connect_failed'],
    [
      'does not answer',
      async () => {
        const { host, port } = await fullBacklog();
        return `${host}:${port}`;
      },
      504,
      'connect_timeout',
    ],
  ])('names it when it %s', async (_why, address, status, error) => {
    const proxy = await proxyTo({ one: await address() }, 'timeouts: { connect: 300ms }');
    expect((await get(await client(proxy.address()))).status).toBe(status);
    expect(await lineWith(proxy, 'Backend failed')).toMatchObject({ backend: 'one', error });
    expect(await lineWith(proxy, '"status"')).toMatchObject({ backend: 'one', status, error });
    expect(await series(proxy, 'balance_request_errors_total')).toEqual([
      `balance_request_errors_total{backend="one",error_type="${error}"} 1`,
    ]);
    expect(await series(proxy, 'balance_requests_total')).toEqual([
      `balance_requests_total{backend="one",method="GET",status="${status}"} 1`,
    ]);
  });

  it('names the last one of those that were tried', async () => {
    const proxy = await proxyTo({ one: await deadAddress(), two: await deadAddress() });
    expect((await get(await client(proxy.address()))).status).toBe(502);
    const { backend: named, reason } = await lineWith(proxy, 'Backend failed');
    const line = await lineWith(proxy, '"status"');
    expect(['one', 'two']).toContain(named);
    expect(reason).toMatch(/ECONNREFUSED/);
    expect(line['backend']).toBe(named);
  });

  it('names the one that answered, where another one did', async () => {
    const { address } = await backend(answering(() => ok()));
    const proxy = await proxyTo({ one: await deadAddress(), two: address });
    for (let n = 0; n < 2; n++) {
      const { status } = await get(await client(proxy.address()));
      expect(status).toBe(200);
    }
    expect(await series(proxy, 'balance_requests_total')).toEqual([
      'balance_requests_total{backend="two",method="GET",status="200"} 2',
    ]);
  });

  it('names the one that was being connected to when its own time was over', async () => {
    const { host, port } = await fullBacklog();
    const proxy = await proxyTo({ one: `${host}:${port}` }, 'http: { timeouts: { request: 300ms } }');
    expect((await get(await client(proxy.address()))).status).toBe(504);
    expect(await lineWith(proxy, '"status"')).toMatchObject({ backend: 'one', error: 'request_timeout' });
  });

  it('names the one that was being connected to when its client left', async () => {
    const { host, port } = await fullBacklog();
    const proxy = await proxyTo({ one: `${host}:${port}` });
    const socket = await client(proxy.address());
    socket.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(
      async () =>
        (await series(proxy, 'balance_pool_waiting')).includes('balance_pool_waiting{backend="one"} 1'),
      'the request waits for its connection',
    );
    socket.reset();
    expect(await lineWith(proxy, '"status"')).toMatchObject({
      backend: 'one',
      status: 499,
      error: 'client_abort',
    });
  });
});

describe('a TCP connection whose backend can not be connected to', () => {
  it('names the last one that was tried', async () => {
    const proxy = await proxyTo({ one: await deadAddress() }, 'mode: tcp');
    expect(await fate(proxy.address())).toBe('reset');
    expect(await lineWith(proxy, 'connection refused')).toMatchObject({ backend: 'one' });
    expect(await lineWith(proxy, '"ended_by"')).toMatchObject({ backend: 'one', error: 'connect_failed' });
    expect(await series(proxy, 'balance_request_errors_total')).toEqual([
      'balance_request_errors_total{backend="one",error_type="connect_failed"} 1',
    ]);
  });

  it('names the one that was being connected to when the client left', async () => {
    const { host, port } = await fullBacklog();
    const proxy = await proxyTo({ one: `${host}:${port}` }, 'mode: tcp');
    const socket = await client(proxy.address());
    socket.reset();
    expect(await lineWith(proxy, '"ended_by"')).toMatchObject({ backend: 'one', error: 'client_abort' });
  });
});
