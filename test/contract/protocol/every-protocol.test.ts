import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import { loadConfigText } from '../../support/labs/load-config.ts';
import { Listener } from '../../../src/net/listen/listener.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import { TunnelStats } from '../../../src/net/tunnel/tunnel-stats.ts';
import type { ProtocolInstance } from '../../../src/plugin-api/index.ts';
import { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { GenerationBuilder } from '../../../src/runtime/generation/generation-builder.ts';
import { Registry } from '../../../src/runtime/upstreams/registry.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { backend } from '../../support/peers/backends.ts';
import type { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { client } from '../../support/peers/clients.ts';
import { ECHO_PLUGIN } from '../../support/labs/echo-plugin.ts';
import { eventually } from '../../support/time/eventually.ts';
import { owned } from '../../support/owned.ts';
import { PATIENCE_MS } from '../../support/time/patience.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { fixedNames } from '../../support/addresses/fixed-names.ts';
import { registryParts } from '../../support/labs/registry-parts.ts';

/** How a test makes one exchange of a protocol begin and end. */
interface Case {
  readonly protocol: string;
  /** True when a connection without an exchange counts as running. */
  readonly countsConnections: boolean;
  /** Brings a connection to where something runs on it. */
  begin(socket: ByteSocket, far: () => Promise<ByteSocket>): Promise<void>;
  /** Ends what runs in the ordinary way. */
  finish(socket: ByteSocket, far: () => Promise<ByteSocket>): Promise<void>;
  /** Whether the protocol needs a backend for that. */
  readonly usesBackend: boolean;
}

const CASES: readonly Case[] = [
  {
    protocol: 'tcp',
    countsConnections: true,
    usesBackend: true,
    begin: async (socket, far) => {
      socket.send('ping');
      await (await far()).untilText('ping');
    },
    finish: async (socket, far) => {
      const server = await far();
      server.send('pong');
      await socket.untilText('pong');
      server.end();
      socket.end();
      await socket.untilClosed();
    },
  },
  {
    protocol: 'http',
    countsConnections: false,
    usesBackend: true,
    begin: async (socket, far) => {
      socket.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
      await (await far()).untilText('\r\n\r\n');
    },
    finish: async (socket, far) => {
      (await far()).send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong');
      await socket.untilText('pong');
    },
  },
  {
    protocol: 'echo',
    countsConnections: true,
    usesBackend: false,
    begin: async (socket) => {
      socket.send('ping');
      await socket.untilText('ping');
    },
    finish: async (socket) => {
      socket.end();
      await socket.untilClosed();
    },
  },
];

async function lab(protocol: string) {
  const directory = await mkdtemp(join(tmpdir(), 'balance-contract-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'echo.mjs'), ECHO_PLUGIN);
  const logger = new RecordingLogger();
  const settings = { directory, timeoutMs: PATIENCE_MS };
  const { plugins } = await owned(new PluginLoader(logger)).prepare({ settings });
  const server = await backend((connection) => connection.socket.on('end', () => connection.socket.end()));
  const { config } = loadConfigText(
    `mode: ${protocol}\nlisten: '127.0.0.1:0'\nbackends: [{ name: b, address: '${server.address}' }]\n`,
    'test.yaml',
    { modes: plugins.names },
  );
  const buffers = new ReadBuffers();
  const telemetry = new Telemetry();
  const records: string[] = [];
  telemetry.subscribe({
    detailed: true,
    exchange: ({ error }) => records.push(error ?? 'ok'),
    tunnel: ({ error }) => records.push(error ?? 'ok'),
  });
  const names = fixedNames();
  const builder = new GenerationBuilder({
    proxyId: 'test',
    workers: 1,
    registry: new Registry(registryParts(logger, names)),
    names,
    buffers,
    logger,
    telemetry,
    tunnels: new TunnelStats(),
    health: () => ({ status: 200, body: '' }),
    metricsPage: () => Promise.resolve({ contentType: '', headers: {}, body: Buffer.alloc(0) }),
  });
  const generation = await builder.build({ id: 1, config, hash: 'hash', directory, protocols: plugins });
  const instance: ProtocolInstance = generation.listeners[0]!.served.instance;
  let id = 0;
  const listener = new Listener({
    name: 'default',
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    maxConnections: 0,
    instance,
    buffers,
    logger,
    nextConnectionId: () => (id += 1),
  });
  await listener.listen();
  onTestFinished(() => {
    listener.destroy();
    generation.destroy();
  });
  let used = 0;
  /** A client and the backend connection that serves it. */
  const open = async (): Promise<{ socket: ByteSocket; far: () => Promise<ByteSocket> }> => {
    const mine = used;
    used += 1;
    return { socket: await client(listener.bound), far: () => server.connection(mine) };
  };
  return { instance, listener, generation, server, open, records, logger };
}

function settled(promise: Promise<unknown>): () => boolean {
  let isSettled = false;
  void promise.then(() => (isSettled = true));
  return () => isSettled;
}

describe.each(CASES)(
  'the protocol $protocol',
  ({ protocol, begin, finish, usesBackend, countsConnections }) => {
    it('names itself', async () => {
      expect((await lab(protocol)).instance.protocol).toBe(protocol);
    });

    it('counts what runs', async () => {
      const { instance, open } = await lab(protocol);
      expect(instance.active).toBe(0);
      const first = await open();
      await begin(first.socket, first.far);
      expect(instance.active).toBe(1);
      const second = await open();
      await begin(second.socket, second.far);
      expect(instance.active).toBe(2);
      await finish(first.socket, first.far);
      await eventually(() => instance.active === 1, 'one is over');
      await finish(second.socket, second.far);
      await eventually(() => instance.active === 0, 'both are over');
    });

    it('counts connections that do nothing only where they are what runs', async () => {
      const { instance, listener, open } = await lab(protocol);
      await open();
      await eventually(() => listener.connections === 1, 'it is there');
      await pause(20);
      expect(instance.active).toBe(countsConnections ? 1 : 0);
    });

    it('closes at once when nothing runs', async () => {
      const { instance } = await lab(protocol);
      await instance.close();
    });

    it('closes when what runs is over, and not before', async () => {
      const { instance, listener, open } = await lab(protocol);
      const { socket, far } = await open();
      await begin(socket, far);
      const closed = instance.close();
      const isClosed = settled(closed);
      await pause(30);
      expect(isClosed()).toBe(false);
      expect(listener.connections).toBe(1);
      await finish(socket, far);
      await closed;
      expect(instance.active).toBe(0);
    });

    it('cuts nothing that runs when its listener drains', async () => {
      const { listener, open, records } = await lab(protocol);
      const { socket, far } = await open();
      await begin(socket, far);
      const closed = listener.close();
      const isClosed = settled(closed);
      await pause(30);
      expect(isClosed()).toBe(false);
      expect(socket.closed).toBe(false);
      await finish(socket, far);
      await socket.untilEnded();
      socket.close();
      await closed;
      if (protocol !== 'echo') expect(records).toEqual(['ok']);
    });

    it('is over when the client resets', async () => {
      const { instance, listener, open, records } = await lab(protocol);
      const { socket, far } = await open();
      await begin(socket, far);
      socket.reset();
      await eventually(() => instance.active === 0 && listener.connections === 0, 'nothing runs');
      await instance.close();
      if (!usesBackend) return;
      await (await far()).untilEnded();
      expect(records).toEqual(['client_abort']);
    });

    it('is over when the backend resets', async () => {
      if (!usesBackend) return;
      const { instance, open, records } = await lab(protocol);
      const { socket, far } = await open();
      await begin(socket, far);
      (await far()).reset();
      await eventually(() => instance.active === 0, 'nothing runs');
      expect(records).toHaveLength(1);
      expect(records[0]).not.toBe('ok');
    });

    it('gives back all leases', async () => {
      if (!usesBackend) return;
      const { generation, open } = await lab(protocol);
      const [member] = generation.upstreams.get('default')!.members;
      const first = await open();
      await begin(first.socket, first.far);
      expect(member!.active).toBe(1);
      const second = await open();
      await begin(second.socket, second.far);
      expect(member!.active).toBe(2);
      first.socket.reset();
      await finish(second.socket, second.far);
      second.socket.close();
      await eventually(() => member!.active === 0, 'no lease is left');
    });

    it('is over when its listener is destroyed', async () => {
      const { instance, listener, generation, open } = await lab(protocol);
      const { socket, far } = await open();
      await begin(socket, far);
      listener.destroy();
      await instance.close();
      await socket.untilEnded();
      if (usesBackend) {
        await (await far()).untilEnded();
        expect(generation.upstreams.get('default')!.members[0]!.active).toBe(0);
      }
      expect(instance.active).toBe(0);
    });

    it('survives whatever bytes a client sends', async () => {
      const { instance, listener, open, logger } = await lab(protocol);
      for (const bytes of ['\0\0\0', '\r\n\r\n\r\n', 'GET', '\xff'.repeat(100_000), '{"a":1}\n']) {
        const { socket } = await open();
        socket.send(bytes);
        await pause(5);
        socket.close();
      }
      await eventually(() => instance.active === 0 && listener.connections === 0, 'all are over');
      expect(logger.lines.filter((line) => line.includes('failed'))).toEqual([]);
    });
  },
);
