import { describe, expect, it } from 'vitest';

import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import { CountingRegistry } from '../../../support/labs/counting-registry.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { TunnelStats } from '../../../../src/net/tunnel/tunnel-stats.ts';
import type { ProtocolHost, ProtocolInstance, ProtocolPlugin } from '../../../../src/plugin-api/index.ts';
import {
  GenerationBuilder,
  type BuildSource,
} from '../../../../src/runtime/generation/generation-builder.ts';
import type { Generation } from '../../../../src/runtime/generation/generation.ts';
import { Telemetry } from '../../../../src/telemetry/telemetry.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';
import { registryParts } from '../../../support/labs/registry-parts.ts';

const MODES = ['tcp', 'http', 'fake', 'broken'];

/** A protocol that notes what is done with it. */
class FakePlugin implements ProtocolPlugin {
  readonly apiVersion = 2;
  readonly name = 'fake';
  readonly hosts: ProtocolHost[] = [];
  readonly instances: (ProtocolInstance & { closes: number })[] = [];
  closing: () => Promise<void> = () => Promise.resolve();

  provision(_config: unknown, host: ProtocolHost): ProtocolInstance {
    this.hosts.push(host);
    if (host.defaultUpstream !== undefined) host.upstream(host.defaultUpstream, 'keep-alive');
    const instance = {
      protocol: 'fake',
      active: 0,
      closes: 0,
      handle: () => ({ drain: () => undefined }),
      close: () => {
        instance.closes += 1;
        return this.closing();
      },
    };
    this.instances.push(instance);
    return instance;
  }
}

function lab(broken: ProtocolPlugin['provision'] = () => Promise.reject(new Error('can not'))) {
  const logger = new RecordingLogger();
  const names = fixedNames();
  const registry = new CountingRegistry(registryParts(logger, names));
  const fake = new FakePlugin();
  const plugins = new Map<string, ProtocolPlugin>([
    ['fake', fake],
    ['broken', { apiVersion: 2, name: 'broken', provision: broken }],
  ]);
  const generations = new GenerationBuilder({
    proxyId: 'test',
    workers: 1,
    registry,
    names,
    buffers: new ReadBuffers(),
    logger,
    telemetry: new Telemetry(),
    tunnels: new TunnelStats(),
    health: () => ({ status: 200, body: '' }),
    metricsPage: () => Promise.resolve({ contentType: '', headers: {}, body: Buffer.alloc(0) }),
  });
  const builder = {
    build: (made: ReturnType<typeof source>, live?: Generation, signal?: AbortSignal) =>
      generations.build({ ...made, protocols: plugins }, live, signal),
  };
  return { builder, logger, fake, registry };
}

function source(text: string): Omit<BuildSource, 'protocols'> {
  const { config, hash } = loadConfigText(text, 'test.yaml', { modes: MODES });
  return { id: 1, config, hash, directory: '/' };
}

const listeners = (second: string): string => `
listeners:
  - { name: one, listen: '127.0.0.1:0', mode: fake, upstream: web }
  - { name: two, listen: '127.0.0.1:0', mode: ${second}, upstream: web }
`;

const upstream = (address: string, weight = 1): string => `
upstreams:
  - name: web
    backends: [{ name: b, address: '${address}', weight: ${weight} }]
    connection_pool: { min_idle: 2 }
    health_check: { type: tcp, interval: 50ms }
`;

/** How many sockets a backend gets from now on, in the time of several health checks. */
async function newConnections(server: RecordingBackend): Promise<number> {
  const before = server.connections.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return server.connections.length - before;
}

describe('the builder of generations', () => {
  it('builds what the config says and lets go of all of it', async () => {
    const server = owned(await RecordingBackend.start());
    const { builder, fake } = lab();
    const generation = await builder.build(source(listeners('fake') + upstream(server.address)));
    expect(generation).toMatchObject({ id: 1 });
    expect(generation.listeners.map((planned) => planned.config.name)).toEqual(['one', 'two']);
    expect(fake.hosts.map((host) => [host.listener, host.defaultUpstream, host.proxyId])).toEqual([
      ['one', 'web', 'test'],
      ['two', 'web', 'test'],
    ]);
    await eventually(() => server.open >= 2, 'min_idle is connected');
    await eventually(() => server.connections.length > 4, 'health is checked');
    await generation.close();
    expect(fake.instances.map(({ closes }) => closes)).toEqual([1, 1]);
    await eventually(
      () => server.connections.every((connection) => connection.ending !== undefined),
      'all sockets were given up',
    );
    expect(await newConnections(server)).toBe(0);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('can not')), 'listener two: plugin broken failed: can not'],
    [
      'throws',
      () => {
        throw new Error('can not');
      },
      'listener two: plugin broken failed: can not',
    ],
    ['gives nothing', () => undefined, 'handle and close'],
    ['gives an instance without functions', () => ({ protocol: 'broken', active: 0 }), 'handle and close'],
    [
      'asks for an upstream that is missing',
      (_: unknown, host: ProtocolHost) => host.upstream('nobody', 'once'),
      'there is no upstream nobody',
    ],
  ])('leaves nothing when a plugin %s', async (_, provision, message) => {
    const server = owned(await RecordingBackend.start());
    const { builder, fake, registry } = lab(provision as unknown as ProtocolPlugin['provision']);
    await expect(builder.build(source(listeners('broken') + upstream(server.address)))).rejects.toMatchObject(
      {
        origin: 'config',
        message: expect.stringContaining(message) as string,
      },
    );
    expect(fake.instances.map(({ closes }) => closes)).toEqual([1]);
    // What was being connected arrives first.
    await newConnections(server);
    await eventually(
      () => server.connections.every((connection) => connection.ending !== undefined),
      'all sockets were given up',
    );
    expect(await newConnections(server)).toBe(0);
    expect(registry.sizes).toEqual({ backends: 0, pools: 0, monitors: 0 });
    // The next attempt gets parts of its own.
    const next = await builder.build(source(listeners('fake') + upstream(server.address)));
    const [member] = next.upstreams.get('web')!.members;
    expect(member?.backend.index).toBe(0);
    await next.close();
  });

  it('keeps pool, health and counts of a backend whose weight changed', async () => {
    const server = owned(await RecordingBackend.start());
    const { builder } = lab();
    const before = await builder.build(source(listeners('fake') + upstream(server.address, 1)));
    await eventually(
      () => before.upstreams.get('web')?.members[0]?.backend.idle === 2,
      'min_idle is connected',
    );
    const after = await builder.build(source(listeners('fake') + upstream(server.address, 5)));
    const [old, next] = [before, after].map((generation) => generation.upstreams.get('web')!.members[0]!);
    expect(next!.backend).toBe(old!.backend);
    expect(next!.pool('keep-alive')).toBe(old!.pool('keep-alive'));
    expect([old!.weight, next!.weight]).toEqual([1, 5]);
    await before.close();
    expect(next!.backend.idle).toBe(2);
    await after.close();
  });

  it('waits with letting go until nothing runs any more', async () => {
    const server = owned(await RecordingBackend.start());
    const { builder, fake } = lab();
    let finish: () => void = () => undefined;
    fake.closing = () => new Promise((resolve) => (finish = resolve));
    const generation = await builder.build(
      source(
        `{ listen: '127.0.0.1:0', mode: fake, backends: [{ address: '${server.address}' }], connection_pool: { min_idle: 1 } }`,
      ),
    );
    await eventually(() => server.open === 1, 'min_idle is connected');
    const closed = generation.close();
    expect(generation.upstreams.get('default')?.members[0]?.backend.pools.size).toBe(1);
    finish();
    await closed;
    expect(generation.upstreams.get('default')?.members[0]?.backend.pools.size).toBe(0);
    expect(fake.instances[0]?.closes).toBe(1);
  });

  it('lets go of everything though a plugin fails to close', async () => {
    const server = owned(await RecordingBackend.start());
    const { builder, fake, logger } = lab();
    fake.closing = () => Promise.reject(new Error('stuck'));
    const generation = await builder.build(source(listeners('fake') + upstream(server.address)));
    await generation.close();
    expect(logger.lines.filter((line) => line.includes('protocol failed to close'))).toHaveLength(2);
    await eventually(
      () => server.connections.every((connection) => connection.ending !== undefined),
      'all sockets were given up',
    );
  });

  it('logs what a plugin throws at a deadline', async () => {
    const { builder, fake, logger } = lab();
    const generation = await builder.build(
      source(`{ listen: '127.0.0.1:0', mode: fake, backends: [{ address: '127.0.0.1:1' }] }`),
    );
    const deadline = fake.hosts[0]!.deadline(() => {
      throw new Error('too late');
    });
    deadline.set(1);
    await eventually(() => logger.lines.some((line) => line.includes('too late')), 'it was logged');
    await generation.close();
  });
});
