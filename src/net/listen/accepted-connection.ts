import type { Backend, Connection, ConnectionHandler, ProtocolInstance } from '../../plugin-api/index.ts';
import type { AcceptedStream } from './accepted-stream.ts';
import { LifetimeScope } from '../resources/lifetime-scope.ts';
import type { Listener } from './listener.ts';
import type { SocketTransport } from '../transport/socket-transport.ts';
import type { StreamSocket } from '../transport/stream-socket.ts';
import type { PluginCohort } from './plugin-cohort.ts';
import type { Flow } from '../transport/traffic.ts';

/** An exchange or a tunnel that runs on a connection. */
export interface RunningWork {
  /** The instance that it began on, which is the live one or one that drains. */
  readonly instance: ProtocolInstance;
  readonly kind: 'exchange' | 'tunnel';
  /** Name of its upstream; '' while there is none, and where the protocol does not tell. */
  readonly upstream: string;
  readonly backend: Backend | undefined;
}

/** A downstream connection, owned by the listener that accepted it. */
export class AcceptedConnection implements Connection, Flow {
  readonly id: number;
  readonly stream: SocketTransport;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly secure = false;
  /** By `performance.now()`. */
  readonly acceptedAtMs = performance.now();
  /** Set by the listener once the protocol took the connection over. */
  handler: ConnectionHandler | undefined;
  readonly tenure: PluginCohort;
  /** The instance that was live when it came. */
  readonly takenBy: ProtocolInstance;
  #scope: LifetimeScope | undefined;
  readonly #socket: StreamSocket;
  readonly #listener: Listener;

  constructor(id: number, { stream, socket }: AcceptedStream, listener: Listener, tenure: PluginCohort) {
    this.id = id;
    this.stream = stream;
    // Read now: later the socket may be gone.
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.#socket = socket;
    this.#listener = listener;
    this.tenure = tenure;
    this.takenBy = listener.instance;
  }

  /** What is held in its name. */
  get scope(): LifetimeScope {
    this.#scope ??= new LifetimeScope();
    if (this.stream.destroyed) this.#scope.close();
    return this.#scope;
  }

  /** It is over, and so is what was held in its name. */
  reclaim(): void {
    this.#scope?.close();
  }

  get hasScope(): boolean {
    return this.#scope !== undefined;
  }

  get bytesReceived(): number {
    return this.stream.bytesReceived;
  }

  get bytesSent(): number {
    return this.stream.bytesSent;
  }

  get localAddress(): string {
    return plainAddress(this.#socket.localAddress);
  }

  get localPort(): number {
    return this.#listener.port;
  }

  get listener(): string {
    return this.#listener.name;
  }

  get draining(): boolean {
    return this.#listener.draining;
  }

  get current(): ProtocolInstance {
    return this.tenure.kept ?? this.#listener.instance;
  }

  /** What runs on it. */
  get running(): RunningWork | undefined {
    const activity = this.handler?.activity?.();
    if (activity === undefined)
      return { instance: this.takenBy, kind: 'tunnel', upstream: '', backend: undefined };
    const { state, instance, upstream = '', backend } = activity;
    return state === 'idle' || instance === undefined
      ? undefined
      : { instance, kind: state, upstream, backend };
  }
}

/** An IPv4 client of a dual-stack socket is shown as what it is. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unix';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
