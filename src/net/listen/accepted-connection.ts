import type { Backend, Connection, ConnectionHandler, ProtocolInstance } from '../../plugin-api/index.ts';
import { LifetimeScope } from '../resources/lifetime-scope.ts';
import type { OwnedTransport } from '../transport/owned-transport.ts';
import type { Flow } from '../transport/traffic.ts';
import type { PluginCohort } from './plugin-cohort.ts';

/** An exchange or a tunnel that runs on a connection. */
export interface RunningWork {
  /** The instance that it began on: the live one, or one that drains. */
  readonly instance: ProtocolInstance;
  readonly kind: 'exchange' | 'tunnel';
  /** Name of the upstream that it uses; '' while there is none, or when the protocol does not say. */
  readonly upstream: string;
  readonly backend: Backend | undefined;
}

/** The listener of a connection, as it is now. */
export interface ConnectionOwner {
  readonly name: string;
  /** The instance that serves the next connection, and the next exchange on connections that are open. */
  readonly instance: ProtocolInstance;
  readonly draining: boolean;
}

/** A downstream connection, owned by the listener that accepted it. */
export class AcceptedConnection implements Connection, Flow {
  readonly id: number;
  /** The transport that the protocol gets. The listener replaces it when a layer answers with another transport. */
  transport: OwnedTransport;
  /** By `performance.now()`. */
  readonly acceptedAtMs = performance.now();
  /** The handler that the protocol returned; while layers run, their `ConnectionSetup`. */
  handler: ConnectionHandler | undefined = undefined;
  /** Set when the connection is handed to the protocol. */
  cohort: PluginCohort | undefined = undefined;
  /** The instance that the connection was handed to; before that, the one that was live when it was accepted. */
  takenBy: ProtocolInstance;
  #scope: LifetimeScope | undefined;
  readonly #owner: ConnectionOwner;

  constructor(id: number, transport: OwnedTransport, owner: ConnectionOwner) {
    this.id = id;
    this.transport = transport;
    this.#owner = owner;
    this.takenBy = owner.instance;
  }

  /** Resources that end with the connection. */
  get scope(): LifetimeScope {
    this.#scope ??= new LifetimeScope();
    if (this.transport.destroyed) this.#scope.close();
    return this.#scope;
  }

  /** The connection is over: ends the resources that it still has. */
  closeScope(): void {
    this.#scope?.close();
  }

  get hasScope(): boolean {
    return this.#scope !== undefined;
  }

  get bytesReceived(): number {
    return this.transport.bytesReceived;
  }

  get bytesSent(): number {
    return this.transport.bytesSent;
  }

  get listener(): string {
    return this.#owner.name;
  }

  get draining(): boolean {
    return this.#owner.draining;
  }

  get current(): ProtocolInstance {
    return this.cohort?.lastInstance ?? this.#owner.instance;
  }

  /** The exchange or tunnel that runs on the connection; undefined when there is none. */
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
