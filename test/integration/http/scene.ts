import { answering, ok, type Respond } from '../../support/peers/answering.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { readMessage, statusOf, type Message } from '../../support/peers/http-message.ts';
import { owned } from '../../support/owned.ts';
import { RecordingBackend, type BackendScript } from '../../support/peers/recording-backend.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { startProxy, type RunningProxy } from '../../support/labs/start-proxy.ts';

export interface SceneOptions {
  /** How the backend answers whole requests. Default: 200 with the body `ok`. */
  readonly respond?: Respond;
  /** Serves each connection of the backend, instead of `respond`. */
  readonly script?: BackendScript;
  /** Further lines of the config. */
  readonly yaml?: string;
  /** Further keys of the backend in the config, as in `, max_connections: 1`. */
  readonly backendKeys?: string;
}

/** One proxy in front of one recording backend, for one test. */
export class Scene {
  readonly backend: RecordingBackend;
  readonly proxy: RunningProxy;
  /** The requests that the backend saw, where it answers by `respond`. */
  readonly seen: Message[];
  readonly #clients: ByteSocket[] = [];

  constructor(backend: RecordingBackend, proxy: RunningProxy, seen: Message[]) {
    this.backend = backend;
    this.proxy = proxy;
    this.seen = seen;
  }

  /** Requests and tunnels that the proxy runs now; the config must have `metrics`. */
  async inFlight(): Promise<number> {
    return (await this.metrics()).sum('balance_backend_requests_in_flight');
  }

  /** The metrics as they are now; the config must have `metrics`. */
  metrics(): Promise<ScrapedMetrics> {
    return ScrapedMetrics.from(this.proxy.adminAddress);
  }

  /** A new connection to the proxy. */
  async client(): Promise<ByteSocket> {
    const client = owned(await ByteSocket.connect(this.proxy.address()));
    this.#clients.push(client);
    return client;
  }

  /** Ends the clients and the proxy, so that all log lines are written. The proxy would wait a while for the last requests of clients that stay. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.proxy.stop();
  }

  /** Sends `request` on a connection of its own and reads the response. */
  async exchange(request: string): Promise<Message> {
    const client = await this.client();
    client.send(request);
    return readMessage(client, { noBody: request.startsWith('HEAD ') });
  }

  /** Sends `request` on a connection of its own; the status of the response, and what the proxy did with the connection then. */
  async refusal(request: string): Promise<{ status: number; body: string; closed: boolean }> {
    const client = await this.client();
    client.send(request);
    const message = await readMessage(client);
    const closes = message.lines.includes('Connection: close');
    if (closes) await client.untilEnded();
    return {
      status: statusOf(message),
      body: message.body.toString(),
      closed: closes && client.received.length === 0,
    };
  }
}

/** Starts a scene that ends with the running test. */
export async function scene(options: SceneOptions = {}): Promise<Scene> {
  const seen: Message[] = [];
  const script = options.script ?? answering(options.respond ?? (() => ok()), seen);
  const backend = owned(await RecordingBackend.start(script));
  const keys = options.backendKeys ?? '';
  const yaml = [
    'listen: "127.0.0.1:0"',
    'reload: { watch: false }',
    `backends: [{ name: one, address: "${backend.address}"${keys} }]`,
    options.yaml ?? '',
  ].join('\n');
  const proxy = owned(await startProxy(yaml));
  return new Scene(backend, proxy, seen);
}

/** A request with that start and the Host that HTTP/1.1 wants. */
export function get(target = '/', lines = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: example.test\r\n${lines}\r\n`;
}

/** A POST with a body of known length. */
export function post(body: string, target = '/', lines = ''): string {
  return `POST ${target} HTTP/1.1\r\nHost: example.test\r\nContent-Length: ${body.length}\r\n${lines}\r\n${body}`;
}
