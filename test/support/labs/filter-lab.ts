import { onTestFinished } from 'vitest';

import { HttpPlugin } from '../../../plugins/http/index.ts';
import type { RouteFilters } from '../../../plugins/http/filters/filter-chain.ts';
import { loadConfigText } from './load-config.ts';
import { Listener } from '../../../src/net/listen/listener.ts';
import type { TransportLayer } from '../../../src/net/layers/layer.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import { TunnelStats } from '../../../src/net/tunnel/tunnel-stats.ts';
import type { ExchangeRecord, ProtocolInstance } from '../../../src/plugin-api/index.ts';
import { GenerationBuilder } from '../../../src/runtime/generation/generation-builder.ts';
import type { Generation } from '../../../src/runtime/generation/generation.ts';
import { Registry } from '../../../src/runtime/upstreams/registry.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { fixedNames } from '../addresses/fixed-names.ts';
import { owned } from '../owned.ts';
import { answering, ok, type Respond } from '../peers/answering.ts';
import { readMessage, type Message } from '../peers/http-message.ts';
import { RecordingBackend } from '../peers/recording-backend.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { ByteSocket } from '../sockets/byte-socket.ts';
import { registryParts } from './registry-parts.ts';

export interface FilterLabOptions {
  /** How the backend answers. Default: 200 with the body `ok`. */
  readonly respond?: Respond;
  /** The YAML under `http:`. */
  readonly http?: string;
  /** What runs on a client's connection before HTTP does. Default: nothing. */
  readonly layers?: readonly TransportLayer[];
}

/** The http plugin with the filters of a test on every route, in front of one backend. There is no key for filters in the config. */
export class FilterLab {
  readonly backend: RecordingBackend;
  /** The requests that the backend saw. */
  readonly seen: Message[];
  readonly logger = new RecordingLogger();
  readonly records: ExchangeRecord[] = [];
  readonly #plugin: HttpPlugin;
  readonly #layers: readonly TransportLayer[];
  readonly #builder: GenerationBuilder;
  readonly #buffers = new ReadBuffers();
  #generation: Generation | undefined;
  #listener: Listener | undefined;

  constructor(
    backend: RecordingBackend,
    seen: Message[],
    filters: RouteFilters,
    layers: readonly TransportLayer[],
  ) {
    this.#layers = layers;
    this.backend = backend;
    this.seen = seen;
    this.#plugin = new HttpPlugin(filters);
    const telemetry = new Telemetry();
    telemetry.subscribe({
      detailed: true,
      exchange: (record) => this.records.push(record),
      tunnel: () => undefined,
    });
    const names = fixedNames();
    this.#builder = new GenerationBuilder({
      proxyId: 'test',
      workers: 1,
      registry: new Registry(registryParts(this.logger, names)),
      names,
      buffers: this.#buffers,
      logger: this.logger,
      telemetry,
      tunnels: new TunnelStats(),
      health: () => ({ status: 200, body: '' }),
      metricsPage: () => Promise.resolve({ contentType: '', headers: {}, body: Buffer.alloc(0) }),
    });
  }

  get instance(): ProtocolInstance {
    const listener = this.#generation?.listeners[0];
    if (listener === undefined) throw new Error('nothing is live');
    return listener.served.instance;
  }

  /** Makes a config live; the address stays. */
  async goLive(http = '{}'): Promise<void> {
    const yaml = [
      "listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: app, http: HTTP }]".replace(
        'HTTP',
        http,
      ),
      'upstreams:',
      `  - { name: app, backends: [{ name: one, address: '${this.backend.address}' }] }`,
      `  - { name: other, backends: [{ name: two, address: '${this.backend.address}' }] }`,
    ].join('\n');
    const { config } = loadConfigText(`${yaml}\n`, 'test.yaml', { modes: ['http'] });
    const protocols = { get: () => this.#plugin };
    const before = this.#generation;
    const generation = await this.#builder.build(
      { id: (before?.id ?? 0) + 1, config, hash: yaml, directory: '/', protocols },
      before,
    );
    this.#generation = generation;
    if (this.#listener === undefined) await this.#listen();
    else void this.#listener.replaceWith(this.instance);
    onTestFinished(() => generation.destroy());
  }

  /** A new connection to the proxy. */
  async client(): Promise<ByteSocket> {
    if (this.#listener === undefined) throw new Error('nothing listens');
    return owned(await ByteSocket.connect(this.#listener.bound));
  }

  /** Sends `request` on a connection of its own and reads the response. */
  async exchange(request: string): Promise<Message> {
    const client = await this.client();
    client.send(request);
    return readMessage(client, { noBody: request.startsWith('HEAD ') });
  }

  async #listen(): Promise<void> {
    let id = 0;
    const listener = new Listener({
      name: 'web',
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      maxConnections: 0,
      instance: this.instance,
      entrance: { layers: this.#layers },
      buffers: this.#buffers,
      logger: this.logger,
      nextConnectionId: () => (id += 1),
    });
    await listener.listen();
    this.#listener = listener;
    onTestFinished(() => {
      listener.destroy();
    });
  }
}

/** A lab that ends with the running test. */
export async function filterLab(filters: RouteFilters, options: FilterLabOptions = {}): Promise<FilterLab> {
  const seen: Message[] = [];
  const backend = owned(await RecordingBackend.start(answering(options.respond ?? (() => ok()), seen)));
  const lab = new FilterLab(backend, seen, filters, options.layers ?? []);
  await lab.goLive(options.http);
  return lab;
}
