import { describe, expect, it } from 'vitest';

import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';

interface Server {
  readonly name: string;
  readonly address: string;
}

async function server(name: string): Promise<Server> {
  const { address } = await backend(answering(() => ok(name)));
  return { name, address };
}

function listed({ name, address }: Server, more = ''): string {
  return `  - { name: ${name}, address: "${address}"${more} }\n`;
}

const HEAD = 'listen: "127.0.0.1:0"\nadmin: { listen: "127.0.0.1:0" }\n';

function yaml(backends: readonly string[], sticky: string): string {
  const more = 'http: { trusted_proxies: [127.0.0.0/8] }\nlogging: { format: json }\n';
  return `${HEAD}${more}backends:\n${backends.join('')}sticky: ${sticky}\n`;
}

/** Which backends clients get. A connection each, so that several workers serve them. */
async function served(proxy: LabProxy, lineOf: (client: number) => string, clients = 20): Promise<string[]> {
  const names: string[] = [];
  for (let at = 0; at < clients; at++) {
    const socket = await client(proxy.address());
    names.push((await get(socket, '/', lineOf(at))).body);
    socket.end();
  }
  return names;
}

/** What the access log says of so many requests. */
async function outcomes(proxy: LabProxy, count: number): Promise<string[]> {
  return eventually(
    async () => {
      const found = Array.from(
        (await proxy.log()).matchAll(/"sticky":"(\w+)"/g),
        ([, outcome = '']) => outcome,
      );
      return found.length === count ? found : undefined;
    },
    `${String(count)} requests were logged`,
  );
}

const address = (at: number): string => `X-Forwarded-For: 203.0.113.${String(at + 1)}\r\n`;
const device = (at: number): string => `X-Device: device-${String(at)}\r\n`;

describe.each([
  ['source', '{ type: source }', address],
  ['header', '{ type: header, name: X-Device }', device],
])('stickiness by %s', (_, sticky, lineOf) => {
  it('keeps clients at their backends over edits, and while these get no new ones', async () => {
    const [a, b] = [await server('a'), await server('b')];
    const proxy = await labProxy(yaml([listed(a), listed(b)], sticky));
    const homes = await served(proxy, lineOf);
    expect(new Set(homes)).toEqual(new Set(['a', 'b']));
    expect(await served(proxy, lineOf)).toEqual(homes);
    const c = await server('c');
    await proxy.change(yaml([listed(c), listed(b, ', weight: 9'), listed(a, ', weight: 0')], sticky));
    expect(await served(proxy, lineOf)).toEqual(homes);
    const others = await served(proxy, (at) => lineOf(at + 100));
    expect(others).not.toContain('a');
    const log = await proxy.log();
    expect(log).toContain('"sticky":"new"');
    expect(log).toContain('"sticky":"kept"');
  });

  it('moves the clients of a backend that is gone, and keeps them where they are then', async () => {
    const [a, b] = [await server('a'), await server('b')];
    const proxy = await labProxy(yaml([listed(a), listed(b)], sticky));
    await served(proxy, lineOf);
    const disabled = await fetch(`http://${proxy.adminAddress}/backends/a/disable`, { method: 'POST' });
    expect(disabled.status).toBe(200);
    await eventually(async () => !(await served(proxy, lineOf)).includes('a'), 'nobody gets it');
    await fetch(`http://${proxy.adminAddress}/backends/a/enable`, { method: 'POST' });
    const moved = await served(proxy, lineOf);
    expect(new Set(moved)).toEqual(new Set(['b']));
    expect(await proxy.log()).toContain('"sticky":"moved"');
  });
});

describe('what is said of a client', () => {
  it('is that it is new, also when its first backend can not be connected to', async () => {
    const [gone, b] = [{ name: 'gone', address: '127.0.0.1:1' }, await server('b')];
    const proxy = await labProxy(yaml([listed(gone), listed(b)], '{ type: header, name: X-Device }'));
    expect(new Set(await served(proxy, device))).toEqual(new Set(['b']));
    expect(await outcomes(proxy, 20)).toEqual(Array(20).fill('new'));
    expect(new Set(await served(proxy, device))).toEqual(new Set(['b']));
    expect((await outcomes(proxy, 40)).slice(20)).toEqual(Array(20).fill('kept'));
  });

  it('is that it is new, also when its first backend breaks off and the request is sent again', async () => {
    const { address } = await backend(async (connection) => {
      await connection.until(() => connection.received.length > 0, 'a request');
      connection.reset();
    });
    const [broken, b] = [{ name: 'broken', address }, await server('b')];
    const more = '{ type: header, name: X-Device }\nresilience: { retry: { initial_delay: 1ms } }';
    const proxy = await labProxy(yaml([listed(broken), listed(b)], more));
    expect(await served(proxy, device, 4)).toEqual(['b', 'b', 'b', 'b']);
    expect(await outcomes(proxy, 4)).toEqual(Array(4).fill('new'));
  });
});

describe('stickiness by source', () => {
  it('keeps the clients of TCP connections', async () => {
    const [a, b] = [await server('a'), await server('b')];
    const proxy = await labProxy(
      `mode: tcp\n${HEAD}backends:\n${listed(a)}${listed(b)}sticky: { type: source }\n`,
    );
    const names = await served(proxy, () => '', 8);
    expect(new Set(names).size).toBe(1);
  });

  it('takes the clients of one network together', async () => {
    const [a, b] = [await server('a'), await server('b')];
    const proxy = await labProxy(yaml([listed(a), listed(b)], '{ type: source, ipv4_prefix: 24 }'));
    expect(new Set(await served(proxy, address)).size).toBe(1);
  });

  it('spreads requests without the header field', async () => {
    const [a, b] = [await server('a'), await server('b')];
    const proxy = await labProxy(yaml([listed(a), listed(b)], '{ type: header, name: x-device }'));
    expect(new Set(await served(proxy, () => ''))).toEqual(new Set(['a', 'b']));
  });
});

describe('the settings of sticky tables', () => {
  it('are refused where they can not work', async () => {
    const a = await server('a');
    const file = (mode: string, sticky: string): string =>
      `mode: ${mode}\nlisten: "127.0.0.1:0"\nbackends:\n${listed(a)}sticky: ${sticky}\n`;
    await expect(labProxy(file('tcp', '{ type: header, name: x }'))).rejects.toThrow(
      'needs header fields, and a listener in mode tcp uses this upstream; type: source works there',
    );
    await expect(labProxy(file('http', '{ type: header }'))).rejects.toThrow('needs a name');
    const proxy = await labProxy(file('http', '{ type: source, same_site: strict }'));
    expect(await proxy.untilLogged('has no effect on type source')).toContain('same_site');
  });
});
