import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { get, scene } from '../scene.ts';

const MARK = /^balance-[0-9a-f]{12}$/;

/** A proxy of one listener whose requests all go to `address`. Each start is another instance, whatever its config says. */
function proxyTo(address: string, http = '{}'): string {
  return `listen: '127.0.0.1:0'
reload: { watch: false }
http: ${http}
backends: [{ name: next, address: '${address}' }]
logging: { format: json }
`;
}

async function asked(proxy: LabProxy, lines = '', listener?: string): Promise<Message> {
  const peer = await client(proxy.address(listener));
  peer.send(get('/round', lines));
  const response = await readMessage(peer);
  peer.socket.destroy();
  return response;
}

/** Proxies each of which forwards to the next, and the last one to the first. */
async function circle(count: number, http = '{}'): Promise<readonly LabProxy[]> {
  const proxies: LabProxy[] = [];
  for (let i = 0; i < count; i++) proxies.push(await labProxy(proxyTo('127.0.0.1:1', http)));
  for (const [i, proxy] of proxies.entries()) {
    const next = proxies[(i + 1) % count]!;
    // The listener keeps its port, so that the address of the next proxy stays what it is.
    const yaml = proxyTo(next.address(), http).replace('127.0.0.1:0', proxy.address());
    await proxy.change(yaml);
  }
  return proxies;
}

async function accessLines(proxy: LabProxy, count: number): Promise<Record<string, unknown>[]> {
  return eventually(async () => {
    const lines = (await proxy.log()).split('\n').filter((line) => line.includes('"client_ip"'));
    return lines.length >= count
      ? lines.map((line) => JSON.parse(line) as Record<string, unknown>)
      : undefined;
  }, `${count} access lines`);
}

describe('the mark against loops', () => {
  it('goes to the backend with each request, the same for all, and never to the client', async () => {
    const stage = await scene();
    const first = await stage.exchange(get());
    await stage.exchange('GET / HTTP/1.0\r\n\r\n');
    const [mark] = fieldValues(stage.seen[0]!, 'cdn-loop');
    expect(mark).toMatch(MARK);
    expect(fieldValues(stage.seen[1]!, 'cdn-loop')).toEqual([mark]);
    expect(first.lines.join()).not.toContain('balance');
  });

  it('comes behind those of others, which stay line by line', async () => {
    const stage = await scene();
    await stage.exchange(get('/', 'CDN-Loop: a.example; x=1, b\r\nX-Between: 1\r\ncdn-loop: c\r\n'));
    const [one, two, own, ...more] = stage.seen[0]!.lines.filter((line) => /^cdn-loop:/i.test(line));
    expect([one, two, more]).toEqual(['CDN-Loop: a.example; x=1, b', 'cdn-loop: c', []]);
    expect(own).toMatch(/^CDN-Loop: balance-[0-9a-f]{12}$/);
  });

  it('of others can not be taken out by a client that calls it a matter of its connection', async () => {
    const stage = await scene();
    await stage.exchange(get('/', 'Connection: cdn-loop\r\nCDN-Loop: a\r\n'));
    expect(fieldValues(stage.seen[0]!, 'cdn-loop')).toEqual(['a', expect.stringMatching(MARK)]);
  });

  it('is not taken for the field of another spelling', async () => {
    const stage = await scene();
    await stage.exchange(get('/', 'CDN_Loop: a\r\n'));
    expect(stage.seen[0]!.lines.filter((line) => /^cdn.loop:/i.test(line))).toHaveLength(1);
  });

  it('is left out where a transform removes it', async () => {
    const stage = await scene({
      yaml: 'transform: { request_headers: [{ action: remove, name: CDN-Loop }] }',
    });
    await stage.exchange(get());
    expect(fieldValues(stage.seen[0]!, 'cdn-loop')).toEqual([]);
  });

  it('stays the same when the config is edited', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok(), seen));
    const proxy = await labProxy(proxyTo(server.address));
    await asked(proxy);
    await proxy.change(
      proxyTo(server.address, '{ forwarded: true }').replace('127.0.0.1:0', proxy.address()),
    );
    await asked(proxy);
    expect(fieldValues(seen[1]!, 'forwarded')).toHaveLength(1);
    expect(fieldValues(seen[1]!, 'cdn-loop')).toEqual(fieldValues(seen[0]!, 'cdn-loop'));
  });
});

describe('a request that goes in a circle', () => {
  it.each([1, 2, 3])('ends with 508 at the first of %d proxies that it meets twice', async (count) => {
    const [first, ...others] = await circle(count);
    expect(statusOf(await asked(first!))).toBe(508);
    const [refused, answered] = await accessLines(first!, 2);
    expect(refused).toMatchObject({
      status: 508,
      refusal: 'loop',
      refusal_field: 'CDN-Loop',
      path: '/round',
    });
    expect(answered).toMatchObject({ status: 508, backend: 'next' });
    expect(answered!['error']).toBeUndefined();
    for (const other of others) expect(await accessLines(other, 1)).toHaveLength(1);
  });

  it('is found where several instances take turns behind one address', async () => {
    // The door sends a request to one instance after the other; each of them sends it back to the door.
    const instances = [await labProxy(proxyTo('127.0.0.1:1')), await labProxy(proxyTo('127.0.0.1:1'))];
    const addresses = instances.map((instance) => instance.address());
    const door = await labProxy(`mode: tcp
listen: '127.0.0.1:0'
reload: { watch: false }
backends: [${addresses.map((address, i) => `{ name: i${i}, address: '${address}' }`).join(', ')}]
`);
    for (const instance of instances)
      await instance.change(proxyTo(door.address()).replace('127.0.0.1:0', instance.address()));
    const peer = await client(door.address());
    peer.send(get());
    expect(statusOf(await readMessage(peer))).toBe(508);
    peer.socket.destroy();
  });

  it('is found with a name for Via too, also where something on the way takes Via out', async () => {
    const [proxy] = await circle(
      1,
      '{ via: edge, routes: [{ path_prefix: /, backends: [next], transform: { request_headers: [{ action: remove, name: Via }] } }] }',
    );
    expect(statusOf(await asked(proxy!))).toBe(508);
  });

  it('is not one that goes through several listeners of one proxy', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok('inside'), seen));
    const inner = await labProxy(proxyTo(server.address));
    const both = (address: string, outerPort = '0', innerPort = '0'): string => `reload: { watch: false }
listeners:
  - { name: outer, mode: http, listen: '127.0.0.1:${outerPort}', upstream: inner }
  - { name: inner, mode: http, listen: '127.0.0.1:${innerPort}', upstream: app }
upstreams:
  - { name: inner, backends: [{ name: inner, address: '${address}' }] }
  - { name: app, backends: [{ name: app, address: '${server.address}' }] }
`;
    const proxy = await labProxy(both('127.0.0.1:1'));
    const port = (listener: string): string => proxy.address(listener).split(':')[1]!;
    await proxy.change(both(proxy.address('inner'), port('outer'), port('inner')));
    expect(statusOf(await asked(proxy, '', 'outer'))).toBe(200);
    const marks = fieldValues(seen[0]!, 'cdn-loop');
    expect(new Set(marks).size).toBe(2);
    expect(statusOf(await asked(inner, `CDN-Loop: ${marks.join(', ')}\r\n`))).toBe(200);
  });
});
