import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing, naming } from '../../support/peers/backends.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { client, firstLine } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { freeAddress } from '../../support/addresses/free-address.ts';
import { fullBacklog } from '../../support/sockets/full-backlog.ts';
import { answer, get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';

const ADMIN = `admin: { listen: '127.0.0.1:0' }\nmetrics: { enabled: true, listen: '127.0.0.1:0' }\n`;

function http(addresses: readonly string[], more = ''): string {
  const backends = addresses.map((address) => `{ name: 'n-${address}', address: '${address}' }`).join(', ');
  return `mode: http\nlisten: '127.0.0.1:0'\nbackends: [${backends}]\nreload: { watch: false }\n${more}`;
}

function scrape(proxy: LabProxy): Promise<ScrapedMetrics> {
  return ScrapedMetrics.from(proxy.app.adminAddresses.at(-1) ?? '');
}

describe('reload: an edit of a backend', () => {
  it('counts from the next request of a kept connection on, which stays as it is', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(http([one.address]));
    const socket = await client(proxy.address());
    const before = proxy.address();
    expect((await get(socket)).body).toBe('one');
    const changes = await proxy.change(http([two.address]));
    expect(changes).toContain('upstream default: backend ');
    expect(proxy.address()).toBe(before);
    expect((await get(socket)).body).toBe('two');
    expect((await get(await client(before))).body).toBe('two');
  });

  it('does not touch an exchange that runs, and drains the backend that left', async () => {
    let respond: () => void = () => undefined;
    const one = await backend(
      answering(async (_, connection) => {
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
        await new Promise<void>((resolve) => (respond = resolve));
        return 'half';
      }),
    );
    const two = await backend(named('two'));
    const proxy = await labProxy(http([one.address], ADMIN));
    const busy = await client(proxy.address());
    busy.send('GET /long HTTP/1.1\r\nHost: test\r\n\r\n');
    await busy.untilText('half');
    await proxy.change(http([two.address], ADMIN));
    expect(await proxy.status()).toMatchObject({ generation: 2, draining_generations: 1 });
    expect((await get(await client(proxy.address()))).body).toBe('two');
    respond();
    expect((await answer(busy)).body).toBe('halfhalf');
    await (await one.connection(0)).untilEnded();
    await eventually(
      async () => (await proxy.status())['draining_generations'] === 0,
      'the old generation is gone',
    );
    expect((await get(busy)).body).toBe('two');
    expect(one.connections).toHaveLength(1);
  });

  it('does not touch a request that waits for a connection to the backend that left', async () => {
    const slow = await fullBacklog();
    const two = await backend(named('two'));
    const proxy = await labProxy(http([`127.0.0.1:${slow.port}`], ADMIN));
    const waiting = await client(proxy.address());
    waiting.send('GET /late HTTP/1.1\r\nHost: test\r\n\r\n');
    await eventually(async () => (await scrape(proxy)).sum('balance_pool_waiting') === 1, 'it waits');
    await proxy.change(http([two.address], ADMIN));
    expect((await get(await client(proxy.address()))).body).toBe('two');
    slow.goOn();
    expect((await answer(waiting)).body).toBe('late');
  });

  it('closes the idle sockets of a backend that left', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(http([one.address]));
    await get(await client(proxy.address()));
    expect(one.open).toBe(1);
    await proxy.change(http([two.address]));
    await (await one.connection(0)).untilEnded();
  });

  it('keeps sockets and counts of a backend whose weight changed', async () => {
    const one = await backend(named('one'));
    const yaml = (weight: number): string =>
      `listen: '127.0.0.1:0'\nbackends: [{ name: b, address: '${one.address}', weight: ${weight} }]\nload_balancer: { algorithm: weighted-round-robin }\n${ADMIN}`;
    const proxy = await labProxy(yaml(1));
    const socket = await client(proxy.address());
    for (let round = 0; round < 3; round += 1) await get(socket);
    expect(await proxy.change(yaml(7))).toBe('upstream default: backend b: weight 1 → 7');
    for (let round = 0; round < 3; round += 1) await get(socket);
    expect(one.connections).toHaveLength(1);
    const metrics = await scrape(proxy);
    expect(metrics.sum('balance_requests_total')).toBe(6);
    await eventually(
      async () => (await proxy.status())['draining_generations'] === 0,
      'the old generation is gone',
    );
    await get(socket);
    expect(one.connections).toHaveLength(1);
  });

  it('keeps the health of a backend that it does not touch', async () => {
    const sick = await backend(answering(() => 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'));
    const fit = await backend(named('fit'));
    const yaml = (more: string): string =>
      http(
        [sick.address, fit.address],
        `health_check: { type: http, path: /health, interval: 1h, timeout: 1s }\n${more}`,
      );
    const proxy = await labProxy(yaml(''));
    await proxy.untilLogged('backend is unhealthy');
    const checks = sick.connections.length;
    await proxy.change(yaml('transform: { response_headers: [{ action: set, name: X-New, value: yes }] }\n'));
    const socket = await client(proxy.address());
    for (let round = 0; round < 4; round += 1) expect((await get(socket)).body).toBe('fit');
    expect(sick.connections).toHaveLength(checks);
  });
});

describe('reload: a tunnel', () => {
  it('survives edits with its generation and backend', async () => {
    const [one, two] = [await backend(echoing('one')), await backend(echoing('two'))];
    const yaml = (address: string): string =>
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${address}' }]\n${ADMIN}`;
    const proxy = await labProxy(yaml(one.address));
    const socket = await client(proxy.address());
    await socket.untilText('one:');
    await proxy.change(yaml(two.address));
    await proxy.change(yaml(two.address) + 'timeouts: { connect: 1s }\n');
    socket.send('still');
    await socket.untilText('one:still');
    const next = await client(proxy.address());
    await next.untilText('two:');
    expect(await proxy.status()).toMatchObject({ generation: 3, draining_generations: 1 });
    socket.end();
    await socket.untilClosed();
    await eventually(
      async () => (await proxy.status())['draining_generations'] === 0,
      'the old generation is gone',
    );
  });

  it('of a listener that left goes on, while its address takes nobody any more', async () => {
    const one = await backend(echoing('one'));
    const two = `upstreams: [{ name: u, backends: [{ address: '${one.address}' }] }]\n`;
    const listener = (name: string): string =>
      `  - { name: ${name}, listen: '127.0.0.1:0', mode: tcp, upstream: u }\n`;
    const proxy = await labProxy(`listeners:\n${listener('a')}${listener('b')}${two}`);
    const left = proxy.address('b');
    const socket = await client(left);
    await socket.untilText('one:');
    expect(await proxy.change(`listeners:\n${listener('a')}${two}`)).toBe('listener b removed');
    await expect(ByteSocket.connect(left)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    socket.send('still');
    await socket.untilText('one:still');
    expect([...proxy.app.listeners.keys()]).toEqual(['a']);
  });
});

describe('reload: listeners', () => {
  it('that are new are bound, without touching the others', async () => {
    const one = await backend(named('one'));
    const upstreams = `upstreams: [{ name: u, backends: [{ address: '${one.address}' }] }]\n`;
    const listener = (name: string): string => `  - { name: ${name}, listen: '127.0.0.1:0', upstream: u }\n`;
    const proxy = await labProxy(`listeners:\n${listener('a')}${upstreams}`);
    const socket = await client(proxy.address('a'));
    await get(socket);
    expect(await proxy.change(`listeners:\n${listener('a')}${listener('b')}${upstreams}`)).toBe(
      'listener b added',
    );
    expect((await get(await client(proxy.address('b')))).body).toBe('one');
    expect((await get(socket)).body).toBe('one');
    // Each worker has its own sockets to backends.
    expect(one.connections.length).toBeLessThanOrEqual(TEST_WORKERS);
  });

  it('change their protocol on one address, from http to tcp and back', async () => {
    const [web, raw] = [await backend(named('web')), await backend(naming('raw'))];
    const address = await freeAddress();
    const httpYaml = http([web.address]).replace('127.0.0.1:0', address);
    const tcpYaml = `mode: tcp\nlisten: '${address}'\nbackends: [{ address: '${raw.address}' }]\n`;
    const proxy = await labProxy(httpYaml);
    const kept = await client(address);
    expect((await get(kept)).body).toBe('web');
    await proxy.change(tcpYaml);
    // Nothing runs on it, and its protocol is gone.
    expect(await kept.untilEnded()).toBe('end');
    expect(await firstLine(address)).toBe('raw');
    const tunnel = await client(address);
    await tunnel.untilText('raw\n');
    await proxy.change(httpYaml);
    expect((await get(await client(address))).body).toBe('web');
    expect(tunnel.ending).toBeUndefined();
    expect(proxy.address()).toBe(address);
  });

  it('finish the response that runs when their protocol changes', async () => {
    let respond: () => void = () => undefined;
    const told = new Promise<void>((resolve) => (respond = resolve));
    const web = await backend(
      answering(async () => {
        await told;
        return ok('late');
      }),
    );
    const raw = await backend(naming('raw'));
    const address = await freeAddress();
    const proxy = await labProxy(http([web.address]).replace('127.0.0.1:0', address));
    const busy = await client(address);
    busy.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await web.connection(0);
    await pause(30);
    await proxy.change(`mode: tcp\nlisten: '${address}'\nbackends: [{ address: '${raw.address}' }]\n`);
    respond();
    const late = await answer(busy);
    expect([late.body, late.closes]).toEqual(['late', true]);
    await busy.untilEnded();
  });

  it('whose limit changes keep what they have', async () => {
    const raw = await backend(naming('raw'));
    const yaml = (limit: number): string =>
      `mode: tcp\nlisten: '127.0.0.1:0'\nmax_connections: ${limit}\nbackends: [{ address: '${raw.address}' }]\n`;
    const proxy = await labProxy(yaml(5));
    const sockets = [await client(proxy.address()), await client(proxy.address())];
    for (const socket of sockets) await socket.untilText('raw\n');
    await proxy.change(yaml(1));
    const refused = await client(proxy.address());
    await refused.untilEnded();
    expect(refused.received.length).toBe(0);
    expect(sockets.map(({ ending }) => ending)).toEqual([undefined, undefined]);
  });
});

describe('reload: a bad edit', () => {
  it.each([
    [
      'a value out of range',
      (good: string) => good.replace('mode: http', 'mode: http\nqueue: { max_size: -1 }'),
      /balance\.yaml:2:\d+ queue\.max_size/,
    ],
    [
      'a protocol that is not there',
      (good: string) => good.replace('mode: http', 'mode: htttp'),
      /balance\.yaml:1:7 mode/,
    ],
    ['what is no YAML', (good: string) => `${good}\n  : [`, /balance\.yaml:\d+:\d+ /],
    ['an unknown key', (good: string) => `${good}backendz: []\n`, /balance\.yaml:\d+:1 backendz/],
  ])('with %s changes nothing and says where it is wrong', async (_, spoil, place) => {
    const one = await backend(named('one'));
    const good = http([one.address], ADMIN);
    const proxy = await labProxy(good);
    const socket = await client(proxy.address());
    expect((await get(socket)).body).toBe('one');
    const outcome = await proxy.edit(spoil(good));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toMatch(place);
    expect(await proxy.untilLogged('config not reloaded')).toMatch(place);
    expect((await get(socket)).body).toBe('one');
    expect(one.connections).toHaveLength(1);
    expect(await proxy.status()).toMatchObject({ generation: 1, draining_generations: 0 });
    expect((await scrape(proxy)).text).toMatch(/^balance_config_reloads_total\{[^}]*fail[^}]*\} 1$/m);
    // And the next good one counts.
    expect((await proxy.edit(good + 'max_connections: 10\n')).ok).toBe(true);
    expect(await proxy.status()).toMatchObject({ generation: expect.any(Number) as number });
    expect((await get(socket)).body).toBe('one');
  });

  it('that names an address in use changes nothing', async () => {
    const one = await backend(named('one'));
    const other = await backend();
    const listeners = (second: string): string =>
      `listeners:\n  - { name: a, listen: '127.0.0.1:0', upstream: u }\n${second}upstreams: [{ name: u, backends: [{ address: '${one.address}' }] }]\n`;
    const proxy = await labProxy(listeners(''));
    const address = proxy.address('a');
    const socket = await client(address);
    await get(socket);
    const outcome = await proxy.edit(
      listeners(
        `  - { name: b, listen: '127.0.0.1:0', upstream: u }\n  - { name: c, listen: '${other.address}', upstream: u }\n`,
      ),
    );
    expect(outcome).toMatchObject({ ok: false, message: expect.stringContaining(other.address) as string });
    expect([...proxy.app.listeners]).toEqual([['a', address]]);
    expect((await get(socket)).body).toBe('one');
    expect(one.connections).toHaveLength(1);
  });

  it('of admin and metrics changes nothing', async () => {
    const one = await backend(named('one'));
    const other = await backend();
    const proxy = await labProxy(http([one.address], ADMIN));
    const admin = proxy.adminAddress;
    const outcome = await proxy.edit(http([one.address], `admin: { listen: '${other.address}' }\n`));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain(other.address);
    expect(proxy.adminAddress).toBe(admin);
    expect(await proxy.status()).toMatchObject({ generation: 1 });
  });

  it('that names a missing file changes nothing', async () => {
    const one = await backend(named('one'));
    const proxy = await labProxy(http([one.address]));
    const { rm } = await import('node:fs/promises');
    await rm(proxy.configFile);
    expect((await proxy.app.reload()).ok).toBe(false);
    expect((await get(await client(proxy.address()))).body).toBe('one');
  });
});

describe('reload: telemetry', () => {
  it('moves admin and metrics to other addresses', async () => {
    const one = await backend(named('one'));
    const proxy = await labProxy(http([one.address], `admin: { listen: '127.0.0.1:0' }\n`));
    const before = proxy.adminAddress;
    const [adminAddress, metricsAddress] = [await freeAddress(), await freeAddress()];
    await proxy.change(
      http(
        [one.address],
        `admin: { listen: '${adminAddress}' }\nmetrics: { enabled: true, listen: '${metricsAddress}', path: /m }\n`,
      ),
    );
    expect([...proxy.app.adminAddresses].sort()).toEqual([adminAddress, metricsAddress].sort());
    expect((await fetch(`http://${adminAddress}/status`)).status).toBe(200);
    expect((await fetch(`http://${metricsAddress}/m`)).status).toBe(200);
    await expect(ByteSocket.connect(before)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.change(http([one.address]));
    expect(proxy.app.adminAddresses).toEqual([]);
    await expect(ByteSocket.connect(adminAddress)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('turns the access log on and off', async () => {
    const one = await backend(named('one'));
    const yaml = (on: boolean): string => http([one.address], `logging: { access_log: ${on} }\n`);
    const proxy = await labProxy(yaml(false));
    const socket = await client(proxy.address());
    await get(socket, '/silent');
    await proxy.change(yaml(true));
    await get(socket, '/told');
    await proxy.untilLogged('/told');
    await proxy.change(yaml(false));
    await get(socket, '/silent-again');
    await proxy.change(yaml(true));
    await get(socket, '/told-again');
    await proxy.untilLogged('/told-again');
    expect(await proxy.log()).not.toContain('/silent');
  });
});

describe('reload: the watched file', () => {
  const yaml = (address: string): string =>
    http([address], ADMIN).replace('reload: { watch: false }', 'reload: { debounce: 20ms }');

  it('is followed when it is edited, replaced and edited again', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => backend(named(name))));
    const [a, b, c] = servers.map(({ address }) => address);
    const proxy = await labProxy(yaml(a!));
    const socket = await client(proxy.address());
    expect((await get(socket)).body).toBe('a');
    await writeFile(proxy.configFile, yaml(b!));
    await eventually(async () => (await proxy.status())['generation'] === 2, 'the edit is live');
    expect((await get(socket)).body).toBe('b');
    expect(await proxy.untilLogged('config reloaded')).toContain('upstream default: backend ');
    const { rename } = await import('node:fs/promises');
    await writeFile(`${proxy.configFile}.new`, yaml(c!));
    await rename(`${proxy.configFile}.new`, proxy.configFile);
    await eventually(async () => (await proxy.status())['generation'] === 3, 'the replaced file is live');
    expect((await get(socket)).body).toBe('c');
  });

  it('with a mistake is told, and followed again when it is mended', async () => {
    const [a, b] = [await backend(named('a')), await backend(named('b'))];
    const proxy = await labProxy(yaml(a.address));
    await writeFile(proxy.configFile, 'mode: nonsense\n');
    expect(await proxy.untilLogged('config not reloaded')).toMatch(/balance\.yaml:1:7/);
    expect((await get(await client(proxy.address()))).body).toBe('a');
    await writeFile(proxy.configFile, yaml(b.address));
    await eventually(async () => (await get(await client(proxy.address()))).body === 'b', 'the edit is live');
  });

  it('is not loaded a second time when a reload by hand was quicker', async () => {
    const [a, b] = [await backend(named('a')), await backend(named('b'))];
    const proxy = await labProxy(yaml(a.address));
    await proxy.change(yaml(b.address));
    expect(await proxy.status()).toMatchObject({ generation: 2 });
    await pause(500);
    expect(await proxy.status()).toMatchObject({ generation: 2 });
    // Back to what is live after a mistake: that is told.
    await writeFile(proxy.configFile, 'mode: nonsense\n');
    await proxy.untilLogged('config not reloaded');
    await writeFile(proxy.configFile, yaml(b.address));
    await eventually(async () => (await proxy.status())['generation'] === 3, 'the mended file is live');
  });

  it('is followed with the debounce that an edit sets', async () => {
    const [a, b] = [await backend(named('a')), await backend(named('b'))];
    const proxy = await labProxy(yaml(a.address));
    await writeFile(proxy.configFile, yaml(a.address).replace('20ms', '1h'));
    await eventually(async () => (await proxy.status())['generation'] === 2, 'the edit is live');
    await writeFile(proxy.configFile, yaml(b.address));
    await pause(300);
    expect(await proxy.status()).toMatchObject({ generation: 2 });
  });

  it('is left alone from an edit on that says so', async () => {
    const [a, b] = [await backend(named('a')), await backend(named('b'))];
    const proxy = await labProxy(yaml(a.address));
    await writeFile(proxy.configFile, http([a.address], ADMIN));
    await eventually(async () => (await proxy.status())['generation'] === 2, 'the edit is live');
    await writeFile(proxy.configFile, http([b.address], ADMIN));
    await pause(300);
    expect(await proxy.status()).toMatchObject({ generation: 2 });
    expect(await readFile(proxy.configFile, 'utf8')).toContain(b.address);
    await proxy.app.reload();
    expect(await proxy.status()).toMatchObject({ generation: 3 });
  });
});

describe('reload: under load', () => {
  it('loses no request and refuses no connection', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(http([one.address]));
    const load = { goesOn: true };
    let served = 0;
    const kept = Array.from({ length: 4 }, async () => {
      const socket = await client(proxy.address());
      while (load.goesOn) {
        const { status, body } = await get(socket);
        expect([status, ['one', 'two'].includes(body)]).toEqual([200, true]);
        served += 1;
      }
    });
    const fresh = (async () => {
      while (load.goesOn) {
        const socket = await ByteSocket.connect(proxy.address());
        expect((await get(socket)).status).toBe(200);
        socket.close();
        served += 1;
      }
    })();
    onTestFinished(() => {
      load.goesOn = false;
    });
    for (let round = 0; round < 30; round += 1) {
      await proxy.change(
        http(round % 3 === 0 ? [two.address] : round % 3 === 1 ? [one.address, two.address] : [one.address]),
      );
      await pause(10);
    }
    load.goesOn = false;
    await Promise.all([...kept, fresh]);
    expect(served).toBeGreaterThan(50);
  });
});
