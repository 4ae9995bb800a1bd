import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once as onceOf } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import {
  BalanceError,
  ConfigError,
  startProxy,
  type BalanceEvents,
  type BalanceProxy,
  type ConfigFile,
  type StartOptions,
} from '../../../src/index.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { owned } from '../../support/owned.ts';
import { sayPlugin } from '../../support/labs/say-plugin.ts';

/** A proxy that ends with the test, with its log lines. */
async function started(options: StartOptions): Promise<{ proxy: BalanceProxy; lines: string[] }> {
  const lines: string[] = [];
  const proxy = await startProxy({ log: (line) => lines.push(line), ...options });
  owned({
    close: () => {
      proxy.destroy();
      return proxy.close();
    },
  });
  return { proxy, lines };
}

async function named(name: string): Promise<string> {
  return (await backend(answering(() => ok(name)))).address;
}

function configFor(...addresses: readonly string[]): ConfigFile {
  return { mode: 'http', listen: '127.0.0.1:0', backends: addresses.map((address) => ({ address })) };
}

async function ask(proxy: BalanceProxy): Promise<string> {
  return (await fetch(`http://${proxy.address}/`)).text();
}

async function directory(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'balance-program-'));
  owned({ close: () => rm(folder, { recursive: true, force: true }) });
  return folder;
}

/** The next event of that name. */
function next<Name extends keyof BalanceEvents>(
  proxy: BalanceProxy,
  name: Name,
): Promise<BalanceEvents[Name]> {
  return new Promise((resolve) => proxy.once(name, (...args) => resolve(args)));
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('startProxy', () => {
  it('starts a proxy for a config that is a value', async () => {
    const { proxy, lines } = await started({ config: configFor(await named('one')) });
    expect(proxy.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect([...proxy.listeners]).toEqual([['default', proxy.address]]);
    expect(proxy.adminAddresses).toEqual([]);
    expect(await ask(proxy)).toBe('one');
    await eventually(() => lines.some((line) => line.includes(' access ')), 'the request is logged');
    expect(lines.every((line) => line !== '' && !line.includes('\n'))).toBe(true);
  });

  it('starts a proxy for a file and follows its edits', async () => {
    const file = join(await directory(), 'my.yaml');
    const yaml = async (name: string): Promise<string> => JSON.stringify(configFor(await named(name)));
    await writeFile(file, await yaml('one'));
    const { proxy } = await started({ configFile: file });
    expect(await ask(proxy)).toBe('one');
    const reloaded = next(proxy, 'reloaded');
    await writeFile(file, await yaml('two'));
    expect((await reloaded)[0]).toMatchObject({ ok: true, source: 'file' });
    expect(await ask(proxy)).toBe('two');
    const failed = next(proxy, 'reloadFailed');
    await writeFile(file, 'mode: http\nlisen: 1\n');
    const [error, outcome] = await failed;
    expect(error).toBeInstanceOf(ConfigError);
    expect(outcome.problems[0]).toMatchObject({ file, line: 2, column: 1, path: 'lisen' });
    expect(await ask(proxy)).toBe('two');
  });

  it('rejects a bad config with all its problems: by line in a file, by key in a value', async () => {
    const bad = { mode: 'http', listen: 5, backends: [{ address: 'x:1', weight: 'much' }], lisen: 1 };
    const inValue = await refusal(startProxy({ config: bad as unknown as ConfigFile }));
    const file = join(await directory(), 'my.yaml');
    await writeFile(file, JSON.stringify(bad, null, 2));
    const inFile = await refusal(startProxy({ configFile: file }));
    if (!(inValue instanceof ConfigError) || !(inFile instanceof ConfigError)) throw new Error('not refused');
    const told = ({ problems }: ConfigError): string[] =>
      problems.map(({ path, message }) => `${path} ${message}`).sort();
    expect(told(inValue)).toEqual(told(inFile));
    expect(inValue.problems.map(({ path }) => path).sort()).toEqual([
      'backends[0].weight',
      'lisen',
      'listen',
    ]);
    expect(inValue.problems.every(({ line, column }) => line === 0 && column === 0)).toBe(true);
    expect(inFile.problems.every(({ line }) => line > 0)).toBe(true);
    expect(inValue.message).toContain('config backends[0].weight must be');
    expect(inValue).toMatchObject({ code: 'config_invalid', origin: 'config' });
  });

  it('tells all that no file could hold', async () => {
    const cycle: Record<string, unknown> = { listen: new Date(0), mode: () => 'http', max_connections: NaN };
    cycle['http'] = cycle;
    const error = await refusal(startProxy({ config: cycle }));
    if (!(error instanceof ConfigError)) throw new Error('not refused');
    expect(error.problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
      'listen must be a value that a config file can hold, not a Date',
      'mode must be a value that a config file can hold, not a function',
      'max_connections must be a finite number, not NaN',
      'http must not hold itself',
    ]);
    let deep: object = {};
    for (let n = 0; n < 20_000; n++) deep = { deep };
    const base: object = Object.create(Object.create(null) as object) as object;
    const odd = { http: deep, tcp: Object.create(base) as object };
    expect(await refusal(startProxy({ config: odd }))).toMatchObject({
      problems: [
        { path: 'http', message: 'must not be nested more than 100 times' },
        { path: 'tcp', message: 'must be a value that a config file can hold, not a class instance' },
      ],
    });
    const noObject = await refusal(startProxy({ config: 'my.yaml' as unknown as ConfigFile }));
    expect(noObject).toMatchObject({
      message: 'config must be an object with the keys of a config file, not a string',
    });
  });

  it('refuses options that contradict each other', async () => {
    const config = configFor();
    for (const options of [{}, { config, configFile: 'x' }, { configFile: 'x', directory: '.' }])
      expect(await refusal(startProxy(options))).toBeInstanceOf(TypeError);
  });

  it.each([
    [undefined, "takes an object, such as { configFile: 'my.yaml' }"],
    ['my.yaml', "takes an object, such as { configFile: 'my.yaml' }"],
    [configFor(), 'not mode, listen, backends: the keys of a config file belong in config'],
    [
      { config: configFor(), logger: console },
      'takes config, configFile, directory, env, log, signal, not logger',
    ],
  ])('tells a program without types what it takes: %j', async (options, words) => {
    const error = await refusal(startProxy(options as StartOptions));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringContaining(words) as string });
  });

  it('rejects with the code of what else went wrong, and leaves nothing behind', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await onceOf(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const listeners = [
      { name: 'free', listen: '127.0.0.1:0' },
      { name: 'taken', listen: `127.0.0.1:${port}` },
    ].map((listener) => ({ ...listener, upstream: 'u' }));
    const config: ConfigFile = {
      listeners,
      upstreams: [{ name: 'u', backends: [{ address: '127.0.0.1:1' }] }],
    };
    const error = await refusal(startProxy({ config, log: () => undefined }));
    expect(error).toBeInstanceOf(BalanceError);
    expect(error).toMatchObject({ code: 'address_in_use' });
    holder.close();
    await onceOf(holder, 'close');
    await started({ config });
  });

  it('is ended by its signal while it starts', async () => {
    const reason = new Error('changed my mind');
    const error = await refusal(startProxy({ config: configFor(), signal: AbortSignal.abort(reason) }));
    expect(error).toBe(reason);
    const signal = new AbortController();
    const starting = refusal(startProxy({ config: configFor(), signal: signal.signal }));
    signal.abort(reason);
    expect(await starting).toBe(reason);
  });
});

describe('a proxy of a program', () => {
  it('takes another config while it runs, and tells what changed', async () => {
    const [one, two] = [await named('one'), await named('two')];
    const { proxy } = await started({ config: configFor(one) });
    const told = next(proxy, 'reloaded');
    const outcome = await proxy.reload(configFor(two));
    expect(outcome).toMatchObject({ ok: true, source: 'program', generation: 2 });
    expect(outcome.changes.length).toBeGreaterThan(0);
    expect((await told)[0]).toBe(outcome);
    expect(await ask(proxy)).toBe('two');
  });

  it('goes on as before when a config is refused, with later reloads too', async () => {
    const { proxy } = await started({ config: configFor(await named('one')) });
    const bad = { ...configFor(await named('two')), load_balancer: { algorithm: 'fastest' } };
    const [error, again] = await Promise.all([refusal(proxy.reload(bad)), proxy.reload()]);
    if (!(error instanceof ConfigError)) throw new Error('not refused');
    expect(error.problems[0]).toMatchObject({ path: 'load_balancer.algorithm', line: 0 });
    expect(again).toMatchObject({ ok: true, changes: [] });
    expect(await ask(proxy)).toBe('one');
  });

  it('wants an edit of the file where a file holds the config', async () => {
    const file = join(await directory(), 'my.yaml');
    await writeFile(file, JSON.stringify(configFor('127.0.0.1:1')));
    const { proxy } = await started({ configFile: file });
    expect(await refusal(proxy.reload(configFor()))).toBeInstanceOf(TypeError);
    expect(await proxy.reload()).toMatchObject({ ok: true });
  });

  it('follows the files that a value names, from its directory', async () => {
    const folder = await directory();
    const page = join(folder, 'sorry.html');
    await writeFile(page, 'sorry');
    const config: ConfigFile = {
      ...configFor(await deadAddress()),
      http: { error_pages: [{ statuses: [502, 504], file: 'sorry.html' }] },
    };
    const { proxy } = await started({ config, directory: folder });
    const events: string[] = [];
    proxy.on('reloaded', ({ source }) => events.push(source));
    proxy.on('reloadFailed', (error) => events.push(error.message));
    expect(await ask(proxy)).toBe('sorry');
    const reloaded = next(proxy, 'reloaded');
    await writeFile(page, 'later');
    await reloaded;
    expect(await ask(proxy)).toBe('later');
    expect(events).toEqual(['file']);
  });

  it('reads the environment that it is given', async () => {
    const config = configFor('${env:SHOP}');
    const { proxy } = await started({ config, env: { SHOP: await named('shop') } });
    expect(await ask(proxy)).toBe('shop');
  });

  it('tells of backends that go down and come back', async () => {
    const address = await deadAddress();
    const { proxy } = await started({
      config: {
        ...configFor(address),
        health_check: { type: 'tcp', interval: '1s' },
      },
    });
    const [change] = await next(proxy, 'health');
    expect(change).toMatchObject({ backend: address, address, healthy: false });
    expect(change.reason).not.toBe('');
  });

  it('stands beside others in one process, and behind them', async () => {
    const inner = (await started({ config: configFor(await named('inner')) })).proxy;
    const outer = (await started({ config: configFor(inner.address) })).proxy;
    const beside = (await started({ config: configFor(await named('beside')) })).proxy;
    expect(await ask(outer)).toBe('inner');
    expect(await ask(beside)).toBe('beside');
    await outer.close();
    expect(await ask(inner)).toBe('inner');
    expect(await ask(beside)).toBe('beside');
  });

  it('finishes what runs before close resolves, and tells of its end once', async () => {
    let answer: (() => void) | undefined;
    const server = await backend(
      answering(
        () =>
          new Promise((resolve) => {
            answer = () => resolve(ok('late'));
          }),
      ),
    );
    const { proxy } = await started({ config: configFor(server.address) });
    let closed = 0;
    proxy.on('closed', () => (closed += 1));
    const asked = ask(proxy);
    const respond = await eventually(() => answer, 'the backend has the request');
    const ends = [proxy.close(), proxy.close()];
    respond();
    expect(await asked).toBe('late');
    await Promise.all(ends);
    proxy.destroy();
    await proxy.close();
    await new Promise(setImmediate);
    expect(closed).toBe(1);
    expect(await refusal(proxy.reload(configFor()))).toMatchObject({ code: 'shutdown' });
  });

  it('ends connections at once when it is destroyed', async () => {
    const server = await backend(() => undefined);
    const { proxy } = await started({ config: { ...configFor(server.address), mode: 'tcp' } });
    const socket = await client(proxy.address);
    proxy.destroy();
    await socket.untilEnded();
    await proxy.close();
  });

  it('changes nothing about the process, with a plugin of strangers neither', async () => {
    const events = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'exit', 'beforeExit', 'warning'];
    const strays = ['uncaughtException', 'unhandledRejection', 'uncaughtExceptionMonitor'];
    const state = (): unknown => [...events, ...strays].map((event) => process.listenerCount(event));
    const before = state();
    const exit: unknown = Reflect.get(process, 'exit');
    const folder = await directory();
    await writeFile(join(folder, 'say.mjs'), sayPlugin('hello', 'say'));
    const added: unknown[] = [];
    const watch = (event: unknown): void => {
      if (strays.includes(String(event))) added.push(event);
    };
    process.on('newListener', watch);
    owned({ close: () => process.off('newListener', watch) });
    const { proxy } = await started({
      config: { mode: 'say', listen: '127.0.0.1:0', plugins: { directory: '.' } },
      directory: folder,
    });
    const socket = await client(proxy.address);
    socket.send('say');
    await socket.untilText('hello');
    socket.close();
    expect(state()).toEqual(before);
    expect(Reflect.get(process, 'exit')).toBe(exit);
    expect(added).toEqual([]);
    await proxy.close();
    expect(state()).toEqual(before);
  });
});
