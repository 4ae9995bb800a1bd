import type { Socket } from 'node:net';

import { formatAddress, type Address } from '../../config/values/address.ts';
import { leftBeforeAccept, messageOf, shortageOf } from '../../errors.ts';
import type { Logger, LogSubject, ProtocolInstance, ProtocolPlugin } from '../../plugin-api/index.ts';
import type { CountFault } from '../faults/plugin-fault.ts';
import type { TransportLayer } from '../layers/layer.ts';
import { SetupFailures } from '../layers/setup-failures.ts';
import { descriptorOf, handleOf, socketWithHandle, type Handle } from '../node/node-internals.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { ReadBuffers } from '../transport/memory/read-buffers.ts';
import type { SocketTransport } from '../transport/socket-transport.ts';
import { AcceptedConnection, type RunningWork } from './accepted-connection.ts';
import { transportOverHandle, transportOverSocket } from './sockets/accepted-transport.ts';
import type { EntranceOwner, EntranceRules } from './entrance.ts';
import { Entrances } from './entrances.ts';
import { OpenConnections } from './open-connections.ts';
import type { OfferedSocket } from './bind/socket-inheritance.ts';
import { OwnSockets } from './sockets/own-sockets.ts';
import { PluginCohort } from './plugin-cohort.ts';
import { ProtocolFaults } from './protocol-faults.ts';
import { ProtocolHandover } from './protocol-handover.ts';
import type {
  Acceptor,
  ListeningSocketOptions,
  OpenedSocket,
  SocketOpener,
} from './sockets/socket-opener.ts';

export interface ListenerOptions extends ListeningSocketOptions {
  readonly name: string;
  /** Opens its socket. Default: one of its own, from which it accepts one connection in a turn of the event loop. */
  readonly sockets?: SocketOpener | undefined;
  /** 0: no limit. */
  readonly maxConnections: number;
  /** Says when new connections are closed at once. Default: never. */
  readonly overload?: { readonly refusesConnections: boolean } | undefined;
  /** Counts the connections where several workers share the address. Default: the listener counts its own. */
  readonly places?: PlaceLimit | undefined;
  readonly instance: ProtocolInstance;
  /** The plugin that made the instance. Default: not known. */
  readonly plugin?: ProtocolPlugin;
  /** How connections come in. Default: without layers. */
  readonly entrance?: EntranceRules;
  readonly buffers: ReadBuffers;
  readonly logger: Logger;
  readonly nextConnectionId: () => number;
  /** Counts each exception of the protocol. Default: nothing is counted, and each one is logged. */
  readonly countFault?: CountFault | undefined;
}

/** A bound address, its connections, and the protocol instance that serves the next one. */
export class Listener implements Acceptor, EntranceOwner {
  name: string;
  maxConnections: number;
  /** The layers that connections go through, and those connections. */
  readonly entrances: Entrances;
  readonly failures: SetupFailures;
  readonly address: Address;
  /** Connections that were accepted. */
  accepted = 0;
  /** Connections that were refused because of `max_connections`, or while this thread was overloaded. */
  refused = 0;
  /** Connections that were closed at once because this process ran short of descriptors or memory. */
  shed = 0;
  /** Bytes from clients and to clients, and the open connections. */
  readonly traffic = new OpenConnections((error) => {
    this.#onFault(error);
  });
  readonly #buffers: ReadBuffers;
  readonly #logger: Logger;
  readonly #nextConnectionId: () => number;
  readonly #resources: ProcessResources | undefined;
  readonly #overload: ListenerOptions['overload'];
  readonly #places: PlaceLimit | undefined;
  readonly #faults: ProtocolFaults;
  readonly #handover: ProtocolHandover;
  readonly #socket: OpenedSocket;
  #instance: ProtocolInstance;
  #cohort: PluginCohort;
  #draining = false;
  #whenEmpty: (() => void) | undefined;
  #emptied: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.name = options.name;
    this.address = options.address;
    this.#instance = options.instance;
    this.#cohort = new PluginCohort(options.plugin);
    this.maxConnections = options.maxConnections;
    this.failures = new SetupFailures(this, options.logger);
    this.entrances = new Entrances(options.entrance ?? { layers: [] }, this);
    this.#buffers = options.buffers;
    this.#logger = options.logger;
    this.#nextConnectionId = options.nextConnectionId;
    this.#resources = options.resources;
    this.#overload = options.overload;
    this.#places = options.places;
    this.#faults = new ProtocolFaults(this, options.logger, options.countFault);
    this.#faults.blame(options.plugin?.name ?? options.instance.protocol);
    this.#handover = new ProtocolHandover(this.#faults);
    this.#socket = (options.sockets ?? new OwnSockets()).open(options, this);
  }

  /** Binds. Rejects with `address_in_use` or another BalanceError that names the address. */
  listen(): Promise<void> {
    return this.#socket.listen(this.name);
  }

  /** As of {@link ListeningSocketOptions.keepAliveMs}; counts for connections that are accepted from now on. */
  setKeepAlive(afterMs: number): void {
    this.#socket.setKeepAlive(afterMs);
  }

  /** As {@link ListeningSocketOptions.socketMode}. A failure is logged, and the socket keeps the permissions that it has. */
  setSocketMode(mode: number | undefined): void {
    this.#socket.setSocketMode(mode, this.#logger, this.name);
  }

  /**
   * Stops listening, so that another socket can take the address over. Connections stay open. The address is free on return, or when
   * the returned promise resolves.
   */
  suspend(): Promise<void> | undefined {
    return this.#socket.suspend();
  }

  /** Listens again at the same address. Does nothing after `close`. */
  resume(): Promise<void> {
    return this.#socket.resume();
  }

  /** The address that is bound, with the real port where the config said 0. */
  get bound(): string {
    return formatAddress(this.#socket.bound);
  }

  /** The instance that serves the next connection, and the next exchange on connections that are open. */
  get instance(): ProtocolInstance {
    return this.#instance;
  }

  /**
   * From now on `instance`, of another generation, serves the listener. If its protocol is another one, open connections finish what
   * runs on them and close. If only the version of the plugin is another one, open connections keep their instance, and the
   * returned promise resolves when they are gone.
   */
  replaceWith(instance: ProtocolInstance, plugin?: ProtocolPlugin): Promise<void> | undefined {
    const before = this.#instance;
    const cohort = this.#cohort;
    let gone: Promise<void> | undefined;
    // Before the instance is replaced: the connections must still see the instance that serves their exchanges.
    if (before.protocol !== instance.protocol) this.traffic.drain();
    else if (plugin !== cohort.plugin) gone = cohort.drain(before);
    if (plugin !== cohort.plugin) this.#cohort = new PluginCohort(plugin);
    if (before !== instance) this.#faults.forget();
    this.#instance = instance;
    this.#faults.blame(plugin?.name ?? instance.protocol);
    return gone;
  }

  /** What runs on the next connection before its protocol gets it. */
  get layers(): readonly TransportLayer[] {
    return this.entrances.present.layers;
  }

  get connections(): number {
    return this.traffic.open.size;
  }

  /** The open connections, oldest first. */
  opened(): Iterable<AcceptedConnection> {
    return this.traffic.open;
  }

  /** How many descriptors of the listening socket connections are accepted from: more than one while the event loop is busy. */
  get descriptors(): number {
    return this.#socket.descriptors;
  }

  /** How often it accepted nothing for a while, so that other workers take as many connections. */
  get rests(): number {
    return this.#socket.rests;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** As of {@link OpenedSocket.offer}. */
  offer(): OfferedSocket | undefined {
    return this.#socket.offer();
  }

  /**
   * Stops accepting. Each connection ends when nothing runs on it any more. Resolves when the last connection is gone.
   *
   * @param isReplaced whether another process has taken the socket over. Default: false
   */
  close(isReplaced = false): Promise<void> {
    const freed = this.#stop(isReplaced);
    this.traffic.drain();
    this.#emptied ??= new Promise((resolve) => {
      this.#whenEmpty = () => {
        if (freed === undefined) resolve();
        else void freed.then(resolve);
      };
      if (this.traffic.open.size === 0) this.#whenEmpty();
    });
    return this.#emptied;
  }

  /** Stops accepting and ends all connections now. */
  destroy(): void {
    void this.#stop(false);
    this.traffic.destroy();
  }

  /** The exchanges and tunnels that run on its connections. */
  running(): Iterable<RunningWork> {
    return this.traffic.running();
  }

  /** Resets the connections on which that instance runs something, and those on their way to it. Returns how many there were. */
  resetWorkOf(instance: ProtocolInstance): number {
    return this.traffic.resetWorkOf(instance, this.entrances);
  }

  #stop(isReplaced: boolean): Promise<void> | undefined {
    if (this.#draining) return undefined;
    this.#draining = true;
    this.#places?.close();
    return this.#socket.close(isReplaced);
  }

  /** Whether one more connection can't be served. If so, the refusal is counted. */
  #isFull(handle: object | undefined): boolean {
    if (this.#overload?.refusesConnections === true || !this.#takePlace()) {
      this.refused += 1;
      return true;
    }
    if (this.#resources === undefined || this.#resources.hasRoomForClient(descriptorOf(handle))) return false;
    this.#places?.release();
    this.#shed('EMFILE');
    return true;
  }

  #takePlace(): boolean {
    const limit = this.maxConnections > 0 ? this.maxConnections : Number.POSITIVE_INFINITY;
    return this.#places === undefined ? this.traffic.open.size < limit : this.#places.take(limit);
  }

  acceptFailed(error: Error): void {
    const code = shortageOf(error);
    if (code !== '') this.#shed(code);
    else if (leftBeforeAccept(error))
      this.#logger.debug('a client left before it was accepted', { listener: this.name });
    else this.#logger.error('accept failed', { listener: this.name, error: messageOf(error) });
  }

  #shed(code: string): void {
    this.shed += 1;
    this.#socket.yieldDescriptors();
    this.#resources?.noteShortage('accept', code);
  }

  readonly #onFault = (error: unknown, subject?: LogSubject): void => {
    this.#faults.report('protocol failed on a connection', error, subject);
  };

  acceptSocket(socket: Socket): void {
    if (this.#isFull(handleOf(socket))) {
      socket.destroy();
      this.#socket.noteEnd();
      return;
    }
    this.#accept(transportOverSocket(socket, this.#buffers, this.#onFault));
  }

  acceptHandle(handle: Handle): void {
    this.#socket.noteAccept();
    if (this.#isFull(handle)) {
      socketWithHandle(handle).destroy();
      this.#socket.noteEnd();
      return;
    }
    this.#accept(transportOverHandle(handle, this.#buffers, this.#onFault));
  }

  #accept(transport: SocketTransport): void {
    transport.noteEnds(this.#socket.localEnd, this.#socket.port);
    const connection = new AcceptedConnection(this.#nextConnectionId(), transport, this);
    this.accepted += 1;
    this.traffic.begin(connection);
    const entrance = this.entrances.present;
    if (entrance.layers.length === 0) {
      transport.whenClosed(() => {
        this.ended(connection);
      });
      this.#serve(connection);
    } else entrance.admit(connection, transport);
  }

  entered(connection: AcceptedConnection, passing: ProtocolInstance | undefined): void {
    if (passing === undefined || passing === this.#instance) this.#serve(connection);
    else {
      connection.takenBy = passing;
      this.#handover.give(connection, passing);
    }
  }

  #serve(connection: AcceptedConnection): void {
    const instance = this.#instance;
    connection.takenBy = instance;
    connection.cohort = this.#cohort;
    this.#cohort.add();
    this.#handover.give(connection, instance);
  }

  ended(connection: AcceptedConnection): void {
    connection.cohort?.remove();
    this.traffic.end(connection);
    this.#places?.release();
    this.#socket.noteEnd();
    if (this.traffic.open.size === 0) this.#whenEmpty?.();
    if (!connection.hasScope) return;
    // The protocol hears of the end first: most protocols end their resources then by themselves.
    queueMicrotask(() => {
      connection.closeScope();
    });
  }
}
