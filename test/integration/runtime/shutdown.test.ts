import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { answer, get, named } from '../../support/peers/http-talk.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';

function http(address: string, more = ''): string {
  return `listen: '127.0.0.1:0'\nbackends: [{ address: '${address}' }]\n${more}`;
}

/** A backend that answers when the test says so. */
async function slowBackend() {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const server = await backend(
    answering(async () => {
      await released;
      return ok('late');
    }),
  );
  return { server, release };
}

/** Open sockets, servers, watches and timers of this process. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/TCP|Pipe|FSEvent|Timeout|Immediate/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

describe('shutdown', () => {
  it('finishes exchanges that run and closes kept connections at once', async () => {
    const { server, release } = await slowBackend();
    const proxy = await labProxy(http(server.address));
    const address = proxy.address();
    const idle = await client(address);
    const busy = await client(address);
    busy.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await server.connection(0);
    await pause(30);
    let closed = false;
    const closing = proxy.app.close().then(() => (closed = true));
    expect(await idle.untilEnded()).toBe('end');
    await expect(ByteSocket.connect(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(closed).toBe(false);
    release();
    const late = await answer(busy);
    expect([late.status, late.body, late.closes]).toEqual([200, 'late', true]);
    await busy.untilEnded();
    busy.close();
    idle.close();
    await closing;
    await eventually(
      () => server.open === 0 || server.connections.every(({ ending }) => ending !== undefined),
      'no backend socket is left',
    );
  });

  it('cuts what runs for longer than shutdown.timeout', async () => {
    const { server } = await slowBackend();
    const proxy = await labProxy(http(server.address, 'shutdown: { timeout: 150ms }\n'));
    const busy = await client(proxy.address());
    busy.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    const far = await server.connection(0);
    await proxy.app.close();
    await busy.untilEnded();
    expect(busy.received.length).toBe(0);
    await far.untilEnded();
    const log = await proxy.log();
    expect(log).toMatch(
      /WARN drain took too long, connections are cut listener=default connections=1 requests=1 tunnels=0 limit=150ms/,
    );
    expect(log.trim().split('\n').at(-1)).toMatch(/INFO stopped$/);
  });

  it('says at once what it waits for, by listener, and at the end that it stopped', async () => {
    const { server, release } = await slowBackend();
    const echo = await backend(echoing());
    const proxy = await labProxy(`
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: slow }
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: echo }
  - { name: quiet, listen: '127.0.0.1:0', upstream: slow }
upstreams:
  - { name: slow, backends: [{ address: '${server.address}' }] }
  - { name: echo, backends: [{ address: '${echo.address}' }] }
`);
    const idle = await client(proxy.address('quiet'));
    const busy = await client(proxy.address('web'));
    busy.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    const raw = await client(proxy.address('raw'));
    raw.send('x');
    await raw.untilText('x');
    await server.connection(0);
    const closing = proxy.app.close();
    expect(await proxy.untilLogged('waiting for what still runs listener=web')).toMatch(
      /connections=1 requests=1 tunnels=0 cut_in=/,
    );
    expect(await proxy.untilLogged('waiting for what still runs listener=raw')).toMatch(
      /connections=1 requests=0 tunnels=1/,
    );
    release();
    raw.end();
    await busy.untilEnded();
    await raw.untilClosed();
    busy.close();
    idle.close();
    await closing;
    const log = await proxy.log();
    expect(log).not.toContain('runs listener=quiet');
    expect(log.split(' INFO stopped')).toHaveLength(2);
  });

  it('waits for tunnels, and cuts them at the limit', async () => {
    const server = await backend(echoing());
    const tcp = `mode: tcp\n${http(server.address)}`;
    const patient = await labProxy(tcp);
    const first = await client(patient.address());
    first.send('x');
    await first.untilText('x');
    const closing = patient.app.close();
    first.send('y');
    await first.untilText('xy');
    first.end();
    await first.untilClosed();
    await closing;

    const strict = await labProxy(`${tcp}shutdown: { timeout: 100ms }\n`);
    const [second, third] = [await client(strict.address()), await client(strict.address())];
    for (const socket of [second, third]) {
      socket.send('x');
      await socket.untilText('x');
    }
    // Half-closed by the client, open from the backend: that one is cut as well.
    third.send('z');
    await strict.app.close();
    await Promise.all([second.untilEnded(), third.untilEnded()]);
    await eventually(
      () => server.connections.every(({ ending }) => ending !== undefined),
      'all backend sockets are gone',
    );
  });

  it('cuts a tunnel whose client has ended its direction', async () => {
    const server = await backend((connection) => connection.send('endless'));
    const proxy = await labProxy(`mode: tcp\n${http(server.address)}shutdown: { timeout: 100ms }\n`);
    const socket = await client(proxy.address());
    await socket.untilText('endless');
    socket.end();
    const far = await server.connection(0);
    await far.untilEnded();
    await proxy.app.close();
    await socket.untilEnded();
    await eventually(() => {
      far.send('?');
      return far.closed;
    }, 'the backend connection is gone');
  });

  it('can be asked for twice, and after destroy', async () => {
    const server = await backend(named('one'));
    const proxy = await labProxy(http(server.address));
    await Promise.all([proxy.app.close(), proxy.app.close()]);
    await proxy.app.close();
    const other = await labProxy(http(server.address));
    other.app.destroy();
    await other.app.close();
  });

  it('ends a reload that runs, which leaves nothing behind', async () => {
    const server = await backend(named('one'));
    const plugins = {
      'slow.mjs': `export default { apiVersion: 2, name: 'slow', provision: async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return { protocol: 'slow', active: 0, handle: () => ({ drain() {} }), close: async () => {} };
      } };`,
    };
    const upstreams = `plugins: { directory: . }\nupstreams: [{ name: u, backends: [{ address: '${server.address}' }], connection_pool: { min_idle: 1 } }]\n`;
    const listener = (name: string, mode: string): string =>
      `  - { name: ${name}, listen: '127.0.0.1:0', mode: ${mode}, upstream: u }\n`;
    const proxy = await labProxy(`listeners:\n${listener('a', 'http')}${upstreams}`, plugins);
    const reload = proxy.edit(`listeners:\n${listener('a', 'http')}${listener('b', 'slow')}${upstreams}`);
    await pause(50);
    await proxy.app.close();
    expect(await reload).toMatchObject({ ok: false });
    expect([...proxy.app.listeners.keys()]).not.toContain('b');
    await eventually(
      () => server.connections.every(({ ending }) => ending !== undefined),
      'no backend socket is left',
    );
    const before = server.connections.length;
    await pause(100);
    expect(server.connections).toHaveLength(before);
    expect(await proxy.app.reload()).toMatchObject({ ok: false });
  });

  it('leaves no handle behind', async () => {
    const before = handles();
    const server = await backend(named('one'));
    const proxy = await labProxy(`
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: u }
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: u }
  - { name: local, listen: 'unix:\${env:DIRECTORY}/s', mode: tcp, upstream: u }
upstreams:
  - name: u
    backends: [{ name: up, address: '${server.address}' }, { name: down, address: '${await deadAddress()}' }]
    connection_pool: { min_idle: 2 }
    health_check: { type: tcp, interval: 50ms }
admin: { listen: '127.0.0.1:0' }
metrics: { enabled: true, listen: '127.0.0.1:0' }
reload: { debounce: 10ms }
`);
    const socket = await ByteSocket.connect(proxy.address('web'));
    await get(socket);
    const raw = await ByteSocket.connect(proxy.address('raw'));
    await get(raw);
    await fetch(`http://${proxy.adminAddress}/status`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
    );
    expect(Object.keys(handles()).length).toBeGreaterThan(0);
    raw.close();
    socket.end();
    await proxy.app.close();
    socket.close();
    await server.close();
    await eventually(
      () => {
        const left = Object.entries(handles()).filter(([kind, count]) => count > (before[kind] ?? 0));
        return left.length === 0;
      },
      () => `no more handles than before are open: ${JSON.stringify([before, handles()])}`,
    );
  });

  it('leaves no handle behind when the start fails', async () => {
    const before = handles();
    const taken = await backend();
    const failing = labProxy(`
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: u }
  - { name: taken, listen: '${taken.address}', upstream: u }
upstreams:
  - name: u
    backends: [{ address: '${await deadAddress()}' }]
    connection_pool: { min_idle: 2 }
    health_check: { type: tcp, interval: 50ms }
admin: { listen: '127.0.0.1:0' }
`);
    await expect(failing).rejects.toMatchObject({ code: 'address_in_use' });
    await taken.close();
    await eventually(
      () => {
        const left = Object.entries(handles()).filter(([kind, count]) => count > (before[kind] ?? 0));
        return left.length === 0;
      },
      () => `no more handles than before are open: ${JSON.stringify([before, handles()])}`,
    );
  });
});
