import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { loadConfig } from '../../support/labs/load-config.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { owned } from '../../support/owned.ts';
import { linkProductionModules } from '../../support/labs/production-modules.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dockerfile = readFileSync(join(root, 'docker/Dockerfile'), 'utf8');

/** The lines of an instruction, without its name. */
function instructions(name: string): string[] {
  return [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, rest = '']) => rest);
}

/** Makes the folder that the image holds, as the Dockerfile says, with the files that are compiled already. */
function image(): string {
  const folder = mkdtempSync(join(tmpdir(), 'balance-image-'));
  for (const name of ['package.json', 'dist', 'schemas'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  linkProductionModules(folder);
  owned({ close: () => rm(folder, { recursive: true, force: true }) });
  return folder;
}

async function outcome(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

describe('the image', () => {
  it('copies what is there, and what the build context lets through', () => {
    const ignore = readFileSync(join(root, 'docker/Dockerfile.dockerignore'), 'utf8').split('\n');
    for (const copy of instructions('COPY').filter((line) => !line.startsWith('--from'))) {
      for (const source of copy.split(' ').slice(0, -1)) {
        expect(existsSync(join(root, source)), source).toBe(true);
        const isLetThrough = ignore.some(
          (line) => line === `!${source}` || source.startsWith(`${line.slice(1)}/`),
        );
        expect(isLetThrough, source).toBe(true);
      }
    }
  });

  it('is pinned, has no root and no shell around the proxy', () => {
    expect(dockerfile).toMatch(/^ARG NODE_VERSION=\d+\.\d+\.\d+$/m);
    expect(instructions('USER')).toEqual(['node']);
    expect(instructions('STOPSIGNAL')).toEqual(['SIGTERM']);
    for (const name of ['ENTRYPOINT', 'CMD'])
      expect(Array.isArray(JSON.parse(instructions(name)[0]!))).toBe(true);
    expect(instructions('HEALTHCHECK')).toHaveLength(1);
  });

  it('runs with production dependencies alone, and ends in order', async () => {
    const folder = image();
    const server = await backend(answering(() => ok('hello')));
    const config = join(folder, 'balance.yaml');
    writeFileSync(
      config,
      `listen: '127.0.0.1:0'\nbackends: ['${server.address}']\nadmin: { listen: '127.0.0.1:0' }\nlogging: { format: json }\n`.replace(
        `['${server.address}']`,
        `[{ address: '${server.address}' }]`,
      ),
    );
    // The options before it are for the image's version of the runtime.
    const entry = (JSON.parse(instructions('ENTRYPOINT')[0]!) as string[]).at(-1)!;
    const [command = ''] = JSON.parse(instructions('CMD')[0]!) as string[];
    const child = spawn(process.execPath, [entry, command, '--config', config], { cwd: folder });
    owned({ close: () => Promise.resolve(void child.kill('SIGKILL')) });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (output += text.toString()));
    const addressIn = (message: string): string | undefined =>
      new RegExp(`"message":"${message}".*?"address":"([^"]+)"`).exec(output)?.[1];
    await eventually(() => Promise.resolve(addressIn('admin listening')), `it listens`);
    const answer = await fetch(`http://${addressIn('listening')!}/`);
    expect(await answer.text()).toBe('hello');
    child.kill('SIGTERM');
    expect(await outcome(child)).toBe(0);
  });
});

describe("the image's health check", () => {
  /** The health check as the image runs it, and the environment that the image gives to it and to the proxy. */
  const [, command = ''] = / CMD (\[.*\])$/.exec(instructions('HEALTHCHECK')[0]!) ?? [];
  const args = (JSON.parse(command) as string[]).slice(1);
  const environment = Object.fromEntries(
    instructions('ENV').flatMap((line) =>
      line.split(' ').map((pair) => pair.split('=', 2) as [string, string]),
    ),
  );
  // Tests run in one process namespace: each has a socket of its own.
  const envOf = (name: string): NodeJS.ProcessEnv => ({
    ...process.env,
    ...environment,
    BALANCE_HEALTH_SOCKET: `${environment['BALANCE_HEALTH_SOCKET']!}-${String(process.pid)}-${name}`,
  });
  const check = async (env: NodeJS.ProcessEnv): Promise<[number | null, string]> => {
    const child = spawn(process.execPath, args, { cwd: root, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (output += text.toString()));
    const code = await outcome(child);
    return [code, output.trim()];
  };

  it.each([
    ['nothing but a listener', ''],
    ['metrics alone', "metrics: { listen: '127.0.0.1:0' }"],
    ['an admin server', "admin: { listen: '127.0.0.1:0' }"],
    [
      'an admin server with a token for everything',
      "admin: { listen: '127.0.0.1:0', token: 0123456789abcdef0123456789abcdef, public: [] }",
    ],
    ['an admin server at a unix socket', "admin: { listen: 'unix:FOLDER/admin.sock' }"],
  ])('works for a config with %s, and says no while the proxy drains', async (name, section) => {
    const folder = mkdtempSync(join(tmpdir(), 'balance-health-'));
    owned({ close: () => rm(folder, { recursive: true, force: true }) });
    const config = join(folder, 'balance.yaml');
    const server = await backend();
    writeFileSync(
      config,
      `listen: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\n${section.replace('FOLDER', folder)}\n`,
    );
    const env = envOf(name.replaceAll(' ', '-'));
    expect(await check(env)).toEqual([1, expect.stringMatching(/^balance: no proxy runs at @balance-\S+/)]);
    const child = spawn(process.execPath, ['dist/src/cli/main.js', 'run', '--config', config], {
      cwd: root,
      env,
    });
    owned({ close: () => Promise.resolve(void child.kill('SIGKILL')) });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    const listening = / listening listener=default address=(\S+)/;
    await eventually(() => Promise.resolve(listening.test(output)), 'it listens');
    expect(await check(env)).toEqual([0, 'ready']);
    // An edit that is refused does not make it unhealthy.
    writeFileSync(config, 'listen: nowhere\n');
    await eventually(() => Promise.resolve(output.includes('config not reloaded')), 'the edit is refused');
    expect(await check(env)).toEqual([0, 'ready']);
    // A request that gets no answer keeps the drain from its end.
    const address = listening.exec(output)![1]!;
    const waiting = fetch(`http://${address}/`).catch(() => undefined);
    await eventually(() => Promise.resolve(server.connections.length > 0), 'the request is at the backend');
    child.kill('SIGTERM');
    await eventually(() => Promise.resolve(output.includes('shutting down')), 'it drains');
    expect(await check(env)).toEqual([1, 'balance: not ready: it shuts down']);
    child.kill('SIGKILL');
    await waiting;
  });

  it('asks a URL where the environment names one', async () => {
    const server = await backend(answering(() => ok('ready')));
    const env = { ...envOf('url'), BALANCE_READY_URL: `http://${server.address}/ready` };
    expect(await check(env)).toEqual([0, 'ready']);
    expect((await check({ ...env, BALANCE_READY_URL: `http://${await deadAddress()}/ready` }))[0]).toBe(1);
  });
});

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly read_only?: boolean;
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
}

describe('the stack', () => {
  const compose = parse(readFileSync(join(root, 'docker/docker-compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };

  it('names what there is: pinned images, folders, volumes and services', () => {
    for (const [name, { image: tag, build, volumes = [], depends_on: needed = [] }] of Object.entries(
      compose.services,
    )) {
      if (build === undefined) expect(tag, name).toMatch(/:v?\d+\.\d+\.\d+(?:-[\w-]+)?$/);
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        const isThere = source.startsWith('.')
          ? existsSync(join(root, 'docker', source))
          : source.startsWith('/') || source in compose.volumes;
        expect([name, source, isThere]).toEqual([name, source, true]);
      }
      for (const other of Array.isArray(needed) ? needed : Object.keys(needed))
        expect(compose.services).toHaveProperty([other]);
    }
    expect(compose.services['balance']?.read_only).toBe(true);
  });

  it('tells of each pinned image until when it is maintained', () => {
    const guide = readFileSync(join(root, 'docker/README.md'), 'utf8');
    const told = [...guide.matchAll(/^\| `([\w/-]+)` +\| (\S+) +\| \S/gm)].map(
      ([, image = '', tag = '']) => `${image}:${tag}`,
    );
    const [nodeVersion = ''] = instructions('ARG').map((line) => line.replace('NODE_VERSION=', ''));
    const pinned = new Set([
      ...Object.values(compose.services).flatMap(({ image: tag, build }) =>
        build === undefined && tag !== undefined ? [tag] : [],
      ),
      ...instructions('FROM').map((line) => line.replace('${NODE_VERSION}', nodeVersion).split(' ')[0] ?? ''),
    ]);
    expect([...pinned].sort()).toEqual(told.sort());
  });

  it('names Jaeger by the image of its version 2 and sends spans to a port that takes them', () => {
    expect(compose.services['jaeger']?.image).toMatch(/^jaegertracing\/jaeger:2\./);
    // The ports of Jaeger all-in-one 2 without a config: OTLP over HTTP, and Thrift over HTTP.
    const config = readFileSync(join(root, 'docker/balance/balance.yaml'), 'utf8');
    expect(config).toMatch(
      /exporter: (?:jaeger\n  endpoint: '.*:14268\/api|otlp\n  endpoint: '.*:4318\/v1)\/traces'/,
    );
  });

  it('mounts nothing into a folder that is mounted read-only, where no mount point can be made', () => {
    for (const { volumes = [] } of Object.values(compose.services)) {
      const mounts = volumes.map((volume) => volume.split(':'));
      for (const [, outer = '', mode] of mounts) {
        if (mode !== 'ro') continue;
        expect(mounts.filter(([, inner = '']) => inner.startsWith(`${outer}/`))).toEqual([]);
      }
    }
  });

  it('runs a config that is valid, and names backends that are services', async () => {
    const { config } = await loadConfig(join(root, 'docker/balance/balance.yaml'), {
      modes: ['http', 'tcp'],
    });
    const addresses = config.upstreams.flatMap(({ backends }) => backends.map(({ address }) => address));
    expect(addresses).toHaveLength(3);
    for (const address of addresses) expect(compose.services).toHaveProperty([address.split(':')[0]!]);
  });

  it('leads from Prometheus, Grafana and the shipper to services that are there', () => {
    const files = [
      'prometheus/prometheus.yml',
      'grafana/provisioning/datasources/balance.yaml',
      'alloy/config.alloy',
      'balance/balance.yaml',
    ];
    for (const file of files) {
      const text = readFileSync(join(root, 'docker', file), 'utf8');
      const hosts = [...text.matchAll(/(?:http:\/\/|targets: \[')([a-z][\w-]*):\d+/g)].map(
        ([, host = '']) => host,
      );
      expect(hosts.length, file).toBeGreaterThan(0);
      for (const host of hosts) expect(Object.keys(compose.services)).toContain(host);
    }
  });
});
