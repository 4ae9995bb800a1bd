import { Socket, type SocketConstructorOpts } from 'node:net';

import { formatAddress, type Address } from '../../config/values/address.ts';
import { BalanceError, leftBeforeAccept, messageOf, shortageOf } from '../../errors.ts';
import type { Logger, LogSubject, ProtocolInstance, ProtocolPlugin } from '../../plugin-api/index.ts';
import { AcceptedConnection, type RunningWork } from './accepted-connection.ts';
import { acceptedStream, handleStream, type AcceptedStream } from './accepted-stream.ts';
import { expectReader, isHandler } from './check-handler.ts';
import { isPromise } from '../faults/is-promise.ts';
import { ListeningSocket, type Acceptor, type ListeningSocketOptions } from './listening-socket.ts';
import { descriptorOf, handleOf, type Handle } from '../node/node-internals.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import type { CountFault } from '../faults/plugin-fault.ts';
import { ProtocolFaults } from '../faults/protocol-faults.ts';
import type { ReadBuffers } from '../transport/read-buffers.ts';
import { PluginCohort } from './plugin-cohort.ts';
import { Traffic } from '../transport/traffic.ts';

export interface ListenerOptions extends ListeningSocketOptions {
  readonly name: string;
  /** 0: no limit. */
  readonly maxConnections: number;
  readonly instance: ProtocolInstance;
  /** Whose instance that is. Default: nobody in particular. */
  readonly plugin?: ProtocolPlugin;
  readonly buffers: ReadBuffers;
  readonly logger: Logger;
  readonly nextConnectionId: () => number;
  /** Counts each exception of the protocol. Default: nobody does, and each one is logged. */
  readonly countFault?: CountFault | undefined;
}

/** A bound address, its connections, and the protocol instance that takes the next one. */
export class Listener implements Acceptor {
  name: string;
  maxConnections: number;
  readonly address: Address;
  /** Connections that were accepted. */
  accepted = 0;
  /** Connections that were refused because of `max_connections`. */
  refused = 0;
  /** Connections that were closed at once because this process ran short of descriptors or memory. */
  shed = 0;
  /** What came from clients and went to them. */
  readonly traffic = new Traffic<AcceptedConnection>();
  readonly #buffers: ReadBuffers;
  readonly #logger: Logger;
  readonly #nextConnectionId: () => number;
  readonly #resources: ProcessResources | undefined;
  readonly #faults: ProtocolFaults;
  readonly #socket: ListeningSocket;
  #instance: ProtocolInstance;
  #tenure: PluginCohort;
  #draining = false;
  #whenEmpty: (() => void) | undefined;
  #emptied: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.name = options.name;
    this.address = options.address;
    this.#instance = options.instance;
    this.#tenure = new PluginCohort(options.plugin);
    this.maxConnections = options.maxConnections;
    this.#buffers = options.buffers;
    this.#logger = options.logger;
    this.#nextConnectionId = options.nextConnectionId;
    this.#resources = options.resources;
    this.#faults = new ProtocolFaults(this, options.logger, options.countFault);
    this.#faults.blame(options.plugin?.name ?? options.instance.protocol);
    this.#socket = new ListeningSocket(options, this);
  }

  /** Binds. Rejects with `address_in_use` or another BalanceError that names the address. */
  listen(): Promise<void> {
    return this.#socket.listen(this.name);
  }

  /** As of {@link ListeningSocketOptions.keepAliveMs}; counts for connections that are accepted from now on. */
  setKeepAlive(afterMs: number): void {
    this.#socket.setKeepAlive(afterMs);
  }

  /** As of {@link ListeningSocketOptions.socketMode}. A failure is logged: connections go on as they did. */
  setSocketMode(mode: number | undefined): void {
    try {
      this.#socket.setMode(mode);
    } catch (error) {
      this.#logger.error('the permissions of a unix socket can not be changed', {
        listener: this.name,
        error: messageOf(error),
      });
    }
  }

  /**
   * Stops listening for the moment in which another socket tries to take the address over. Connections stay as they are.
   * What it gives, if anything, resolves once the address is free.
   */
  suspend(): Promise<void> | undefined {
    return this.#socket.suspend();
  }

  /** Listens again where it did before; nothing once it was closed. */
  resume(): Promise<void> {
    return this.#socket.resume();
  }

  /** The address that is bound, with the real port where the config said 0. */
  get bound(): string {
    return formatAddress(this.#socket.bound);
  }

  /** Who takes the next connection, and the next exchange of those that are open. */
  get instance(): ProtocolInstance {
    return this.#instance;
  }

  /**
   * Another generation takes over. Connections of another protocol finish what runs on them and close. Those of another
   * version of the plugin keep to the instance that they have: then this gives a promise that resolves when they are gone.
   */
  replace(instance: ProtocolInstance, plugin?: ProtocolPlugin): Promise<void> | undefined {
    const before = this.#instance;
    const tenure = this.#tenure;
    let over: Promise<void> | undefined;
    // First, so that they still see who serves what they began.
    if (before.protocol !== instance.protocol) this.#drainConnections();
    else if (plugin !== tenure.plugin) over = tenure.keepTo(before);
    if (plugin !== tenure.plugin) this.#tenure = new PluginCohort(plugin);
    if (before !== instance) this.#faults.forget();
    this.#instance = instance;
    this.#faults.blame(plugin?.name ?? instance.protocol);
    return over;
  }

  /** The port that is bound; 0 for a unix socket. */
  get port(): number {
    const { bound } = this.#socket;
    return bound.kind === 'tcp' ? bound.port : 0;
  }

  get connections(): number {
    return this.traffic.open.size;
  }

  /** The open connections, oldest first. */
  opened(): Iterable<AcceptedConnection> {
    return this.traffic.open;
  }

  /** Descriptors of the listening socket that are accepted from; more than one while the loop is busy. */
  get descriptors(): number {
    return this.#socket.descriptors;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Stops accepting; each connection ends when nothing runs on it any more. Resolves when the last one is gone. */
  close(): Promise<void> {
    const freed = this.#stop();
    this.#drainConnections();
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
    void this.#stop();
    for (const connection of this.traffic.open) connection.stream.destroy();
  }

  /** What runs on its connections. */
  *running(): Iterable<RunningWork> {
    for (const connection of this.traffic.open) {
      const work = this.#runningOn(connection);
      if (work !== undefined) yield work;
    }
  }

  /** Ends what runs on that instance: its clients must not take what they got for complete. Returns how many there were. */
  cut(instance: ProtocolInstance): number {
    let count = 0;
    for (const connection of this.traffic.open) {
      if (this.#runningOn(connection)?.instance !== instance && connection.tenure.kept !== instance) continue;
      connection.stream.reset(
        new BalanceError('drain_timeout', 'the config that it began on has drained for too long'),
      );
      count += 1;
    }
    return count;
  }

  #runningOn(connection: AcceptedConnection): RunningWork | undefined {
    try {
      return connection.running;
    } catch (error) {
      this.#onFault(error);
      return undefined;
    }
  }

  /** A protocol that fails at this keeps nobody from going on. */
  #drainConnections(): void {
    for (const connection of this.traffic.open) {
      try {
        const drained: unknown = connection.handler?.drain();
        if (isPromise(drained)) drained.then(undefined, this.#onFault);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }

  #stop(): Promise<void> | undefined {
    if (this.#draining) return undefined;
    this.#draining = true;
    return this.#socket.close();
  }

  /** Whether one more connection is too many; counts the refusal. */
  #isFull(handle: object | undefined): boolean {
    if (this.maxConnections > 0 && this.traffic.open.size >= this.maxConnections) {
      this.refused += 1;
      return true;
    }
    if (this.#resources === undefined || this.#resources.hasRoomForClient(descriptorOf(handle))) return false;
    this.#shed('EMFILE');
    return true;
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
      return;
    }
    this.#handOver(acceptedStream(socket, this.#buffers, this.#onFault));
  }

  acceptHandle(handle: Handle): void {
    this.#socket.noteAccept();
    if (this.#isFull(handle)) new Socket({ handle } as SocketConstructorOpts).destroy();
    else this.#handOver(handleStream(handle, this.#buffers, this.#onFault));
  }

  #handOver(accepted: AcceptedStream): void {
    const { stream } = accepted;
    const tenure = this.#tenure;
    const connection = new AcceptedConnection(this.#nextConnectionId(), accepted, this, tenure);
    tenure.begin();
    this.accepted += 1;
    this.traffic.begin(connection);
    stream.whenClosed(() => {
      tenure.end();
      this.traffic.end(connection);
      if (this.traffic.open.size === 0) this.#whenEmpty?.();
      if (!connection.hasScope) return;
      // The protocol is told first: most end what they hold by themselves when they hear of it.
      queueMicrotask(() => {
        connection.reclaim();
      });
    });
    try {
      const given: unknown = this.#instance.handle(connection);
      if (isPromise(given)) void this.#takeLate(connection, given);
      else this.#take(connection, given);
      if (!stream.hasReader) this.#expectReader(connection);
    } catch (error) {
      this.#refuse(connection, error);
    }
  }

  #take(connection: AcceptedConnection, given: unknown): void {
    if (isHandler(given)) connection.handler = given;
    // It may have refused the connection by itself.
    else if (!connection.stream.destroyed)
      this.#end(connection, 'handle returns no handler: an object with the function drain');
  }

  /** A plugin's handle that promises its handler. */
  async #takeLate(connection: AcceptedConnection, given: PromiseLike<unknown>): Promise<void> {
    try {
      this.#take(connection, await given);
    } catch (error) {
      this.#refuse(connection, error);
    }
  }

  /** Nobody hears the client, nor that it left. */
  #expectReader(connection: AcceptedConnection): void {
    expectReader(connection.stream, (limitMs) => {
      this.#end(connection, `handle has not read connection.stream, not even within ${limitMs} ms`);
    });
  }

  /** A plugin does not do its part. */
  #end({ stream }: AcceptedConnection, fault: string): void {
    this.#faults.neglected(fault);
    stream.destroy();
  }

  #refuse({ stream }: AcceptedConnection, error: unknown): void {
    this.#faults.report('protocol refused a connection', error);
    stream.destroy();
  }
}
