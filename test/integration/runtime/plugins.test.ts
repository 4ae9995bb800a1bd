import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { backend, naming } from '../../support/peers/backends.ts';
import { client, firstLine } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { ECHO_PLUGIN } from '../../support/labs/echo-plugin.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { expectNoStrayErrors } from '../../support/stray-errors.ts';

const ECHO = `mode: echo\nlisten: '127.0.0.1:0'\nplugins: { directory: . }\nreload: { watch: false }\n`;

/** Leads each connection to a backend. */
const FORWARD_PLUGIN = `
export default {
  apiVersion: 2,
  name: 'forward',
  provision(options, host) {
    const upstream = host.upstream(host.defaultUpstream, 'once');
    return {
      protocol: 'forward',
      active: 0,
      handle({ transport: stream }) {
        upstream.acquire({
          key: undefined,
          fresh: false,
          leased(lease) {
            const ended = () => lease.end(undefined, 0, 0);
            host.tunnel({ downstream: stream, upstream: lease.channel, idleTimeoutMs: 0, ended });
          },
          refused: () => stream.reset(),
        });
        return { drain() {} };
      },
      close: async () => {},
    };
  },
};
`;

expectNoStrayErrors();

/** A plugin that is in order but for `parts`. */
function broken(parts: string): string {
  return `
const reader = (stream) => ({ data(bytes, start, end) { stream.writeBorrowed(bytes, start, end); }, end() { stream.end(); }, drained() {}, closed() {} });
const plugin = {
  apiVersion: 2,
  name: 'broken',
  provision(options, host) {
    return {
      protocol: 'broken',
      active: 0,
      handle({ transport: stream }) { stream.read(reader(stream)); return { drain() { stream.end(); } }; },
      close: async () => {},
      ...(typeof instance === 'function' ? instance(host, reader) : {}),
    };
  },
};
${parts}
export default plugin;
`;
}

/** Two listeners: one that speaks what is broken, one that must not notice. */
function both(address: string): string {
  return `
listeners:
  - { name: bad, listen: '127.0.0.1:0', mode: broken, upstream: u }
  - { name: good, listen: '127.0.0.1:0', upstream: u }
upstreams: [{ name: u, backends: [{ address: '${address}' }] }]
plugins: { directory: . }
shutdown: { timeout: 500ms }
reload: { watch: false }
`;
}

describe("a stranger's plugin", () => {
  it('is found in plugins.directory, takes options and serves', async () => {
    const proxy = await labProxy(`${ECHO}options: { greeting: 'hello', upper_case: true }\n`, {
      'echo.mjs': ECHO_PLUGIN,
    });
    const socket = await client(proxy.address());
    await socket.untilText('hello\n');
    socket.send('some words');
    await socket.untilText('SOME WORDS');
    socket.end();
    expect(await socket.untilClosed()).toBe('end');
    await proxy.untilLogged('plugin loaded');
  });

  it('reaches backends, tunnels and telemetry through its host', async () => {
    const server = await backend(naming('behind'));
    const proxy = await labProxy(
      `mode: forward\nlisten: '127.0.0.1:0'\nplugins: { directory: . }\nbackends: [{ address: '${server.address}' }]\n`,
      { 'forward.mjs': FORWARD_PLUGIN },
    );
    expect(await firstLine(proxy.address())).toBe('behind');
  });

  it('is refused with options that it does not take, with line and column', async () => {
    await expect(
      labProxy(`${ECHO}options:\n  greeting: 5\n  loud: true\n`, { 'echo.mjs': ECHO_PLUGIN }),
    ).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(
        /balance\.yaml:6:13 options\.greeting must be text.*\n.*balance\.yaml:7:9 options\.loud is not a known key/,
      ) as string,
    });
  });

  it('gets changed options by an edit; bad ones change nothing', async () => {
    const proxy = await labProxy(`${ECHO}options: { greeting: 'one' }\n`, { 'echo.mjs': ECHO_PLUGIN });
    const kept = await client(proxy.address());
    await kept.untilText('one\n');
    const outcome = await proxy.edit(`${ECHO}options: { greeting: [] }\n`);
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain('options.greeting must be text');
    expect(await firstLine(proxy.address())).toBe('one');
    await proxy.change(`${ECHO}options: { greeting: 'two' }\n`);
    expect(await firstLine(proxy.address())).toBe('two');
    kept.send('still');
    await kept.untilText('one\nstill');
  });

  it('may come with the edit that needs it', async () => {
    const server = await backend(named('web'));
    const proxy = await labProxy(
      `listen: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\nreload: { watch: false }\n`,
    );
    expect((await proxy.edit(ECHO)).message).toMatch(/balance\.yaml:1:7 mode is "echo", but must be one of/);
    await writeFile(join(proxy.directory, 'echo.mjs'), ECHO_PLUGIN);
    await proxy.change(`${ECHO}options: { greeting: 'late' }\n`);
    expect(await firstLine(proxy.address())).toBe('late');
  });

  it('is closed when its listener leaves, once nothing runs on it', async () => {
    // A worker without a connection closes it at once, whatever runs on another.
    const one = `${ECHO}workers: 1\n`;
    const proxy = await labProxy(`${one}options: { greeting: 'hello' }\n`, { 'echo.mjs': ECHO_PLUGIN });
    const socket = await client(proxy.address());
    await socket.untilText('hello\n');
    await proxy.change(`${one}options: { greeting: 'other' }\n`);
    expect(await proxy.log()).not.toContain('echo closed');
    socket.end();
    await socket.untilClosed();
    await proxy.untilLogged('echo closed');
  });
});

describe('a broken plugin', () => {
  it.each([
    ['has a syntax error', 'export default {'],
    ['is made for another API', broken('plugin.apiVersion = 99;')],
    ['has no provision', broken('delete plugin.provision;')],
    ['throws when it is imported', broken('throw new Error("no");')],
  ])('that %s is told, and harms nobody who does not need it', async (_, text) => {
    const server = await backend(named('web'));
    const good = `listen: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\nplugins: { directory: . }\nreload: { watch: false }\n`;
    const proxy = await labProxy(good, { 'broken.mjs': text });
    await proxy.untilLogged('plugin refused');
    const outcome = await proxy.edit(both(server.address));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain('mode is "broken"');
    expect((await get(await client(proxy.address()))).body).toBe('web');
  });

  it.each([
    ['throws', 'plugin.provision = () => { throw new Error("no provision today"); };', 'no provision today'],
    [
      'rejects',
      'plugin.provision = async () => { throw new Error("no provision today"); };',
      'no provision today',
    ],
    ['gives nothing', 'plugin.provision = () => undefined;', 'handle and close'],
  ])('whose provision %s is refused with a reason, and nothing changes', async (_, parts, reason) => {
    const server = await backend(named('web'));
    const good = `listen: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\nplugins: { directory: . }\nreload: { watch: false }\n`;
    const proxy = await labProxy(good, { 'broken.mjs': broken(parts) });
    const outcome = await proxy.edit(both(server.address));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain('listener bad');
    expect(outcome.message).toContain(reason);
    expect((await get(await client(proxy.address()))).body).toBe('web');
    await expect(labProxy(both(server.address), { 'broken.mjs': broken(parts) })).rejects.toMatchObject({
      code: 'plugin_failed',
    });
  });

  it.each([
    ['handle', 'const instance = () => ({ handle() { throw new Error("dropped it"); } });'],
    [
      'data',
      'const instance = () => ({ handle({ transport: stream }) { stream.read({ data() { throw new Error("dropped it"); }, end() {}, drained() {}, closed() {} }); return { drain() {} }; } });',
    ],
    [
      'an asynchronous handle',
      'const instance = () => ({ async handle({ transport: stream }) { stream.read({ data() {}, end() {}, drained() {}, closed() {} }); await null; throw new Error("dropped it"); } });',
    ],
    [
      'an asynchronous data',
      'const instance = () => ({ handle({ transport: stream }) { stream.read({ async data() { await null; throw new Error("dropped it"); }, end() {}, drained() {}, closed() {} }); return { drain() {} }; } });',
    ],
    [
      'an asynchronous closed',
      'const instance = () => ({ handle({ transport: stream }) { stream.read({ data() { stream.destroy(); }, end() {}, drained() {}, async closed() { throw new Error("dropped it"); } }); return { drain() {} }; } });',
    ],
    [
      'drained',
      'const instance = () => ({ handle({ transport: stream }) { stream.read({ data() { while (stream.write(Buffer.alloc(65536))); stream.pause(); }, end() {}, drained() { throw new Error("dropped it"); }, closed() {} }); return { drain() {} }; } });',
    ],
    [
      'closed',
      'const instance = () => ({ handle({ transport: stream }) { stream.read({ data() { stream.destroy(); }, end() {}, drained() {}, closed() { throw new Error("dropped it"); } }); return { drain() {} }; } });',
    ],
    [
      'leased',
      'const instance = (host) => ({ handle({ transport: stream }) { stream.read({ data() {}, end() {}, drained() {}, closed() {} }); host.upstream("u", "once").acquire({ key: undefined, fresh: false, leased() { stream.destroy(); throw new Error("dropped it"); }, refused() {} }); return { drain() {} }; } });',
    ],
    [
      'a deadline',
      'const instance = (host) => ({ handle({ transport: stream }) { stream.read({ data() {}, end() {}, drained() {}, closed() {} }); host.deadline(() => { stream.destroy(); throw new Error("dropped it"); }).set(10); return { drain() {} }; } });',
    ],
    [
      'the end of a tunnel',
      'const instance = (host) => ({ handle({ transport: stream }) { host.upstream("u", "once").acquire({ key: undefined, fresh: false, leased(lease) { host.tunnel({ downstream: stream, upstream: lease.channel, idleTimeoutMs: 50, ended() { lease.end(undefined, 0, 0); throw new Error("dropped it"); } }); }, refused() {} }); return { drain() {} }; } });',
    ],
  ])('that throws in %s loses that connection only', async (where, parts) => {
    const server = await backend(named('web'));
    const proxy = await labProxy(both(server.address), { 'broken.mjs': broken(parts) });
    for (let round = 0; round < 2; round += 1) {
      const socket = await client(proxy.address('bad'));
      socket.send('x');
      await socket.untilEnded();
      // Only who waits until it may write on has written before.
      expect(socket.received.length > 0).toBe(where === 'drained');
    }
    await proxy.untilLogged('dropped it');
    expect((await get(await client(proxy.address('good')))).body).toBe('web');
    await eventually(() => server.connections.length > 0, 'it was served');
  });

  it.each([
    [
      'drain',
      'const instance = (host, reader) => ({ handle({ transport: stream }) { stream.read(reader(stream)); return { drain() { throw new Error("dropped it"); } }; } });',
    ],
    [
      'drain, later',
      'const instance = (host, reader) => ({ handle({ transport: stream }) { stream.read(reader(stream)); return { async drain() { throw new Error("dropped it"); } }; } });',
    ],
    ['close', 'const instance = () => ({ close() { throw new Error("dropped it"); } });'],
    ['close, later', 'const instance = () => ({ close: async () => { throw new Error("dropped it"); } });'],
  ])('that throws in %s can not stop an edit or a shutdown', async (_, parts) => {
    const server = await backend(named('web'));
    const proxy = await labProxy(both(server.address), { 'broken.mjs': broken(parts) });
    const socket = await client(proxy.address('bad'));
    socket.send('x');
    await socket.untilText('x');
    expect(await proxy.change(both(server.address).replace('mode: broken, ', ''))).toContain(
      'listener bad: mode broken → http',
    );
    await proxy.untilLogged('dropped it');
    socket.close();
    expect((await get(await client(proxy.address('bad')))).body).toBe('web');
    await proxy.change(both(server.address));
    await proxy.app.close();
  });
});
