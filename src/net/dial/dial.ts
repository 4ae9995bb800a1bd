import { connect, type NetConnectOpts, type Socket } from 'node:net';

import { formatAddress, type Address } from '../../config/values/address.ts';
import { BalanceError, messageOf, shortageOf, systemCodeOf } from '../../errors.ts';
import { abandonSocket, AddressConnect, type ConnectTarget } from './address-connect.ts';
import type { AttemptEnded, ConnectAttempt } from './happy-eyeballs.ts';
import type { HostNames } from '../dns/host-names.ts';
import { keepAliveSeconds } from '../node/keep-alive.ts';
import { descriptorOf, handleOf } from '../node/node-internals.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import type { ReadBuffers } from '../transport/read-buffers.ts';
import type { FaultHandler } from '../transport/reader-faults.ts';
import { SocketTransport } from '../transport/socket-transport.ts';
import { HIGH_WATER_MARK_BYTES } from '../transport/socket-writer.ts';
import { systemError } from '../node/system-error.ts';

export interface DialOptions {
  /** For all of it: looking the name up, and each address that is tried. */
  readonly connectTimeoutMs: number;
  readonly names: HostNames;
  readonly buffers: ReadBuffers;
  readonly onFault: FaultHandler;
  /** As of `setKeepAlive`. Default: no probes. */
  readonly keepAliveMs?: number | undefined;
  /** What connections may take of this process. Default: all there is. */
  readonly resources?: ProcessResources | undefined;
}

/** A connection to a backend. */
export interface Dialed {
  readonly stream: SocketTransport;
  /** The IP address at the other end where the backend is given by a name; undefined where its address can't change. */
  readonly ip: string | undefined;
}

/**
 * Connects to a backend. Rejects with a BalanceError: a retryable one, as nothing was sent yet, or `resources_exhausted`, for
 * which no backend can do anything.
 */
export function dial(address: Address, options: DialOptions): Promise<Dialed> {
  return new Promise((resolve, reject) => {
    new Dial(address, options, (error, dialed) => {
      if (dialed === undefined) reject(asConnectError(error, options.resources));
      else resolve(dialed);
    }).start();
  });
}

/** One call of {@link dial}. */
class Dial {
  readonly #address: Address;
  readonly #connectTimeoutMs: number;
  readonly #done: AttemptEnded<Dialed>;
  readonly #connecting: AddressConnect<SocketTransport>;
  #timer: NodeJS.Timeout | undefined;

  constructor(address: Address, options: DialOptions, done: AttemptEnded<Dialed>) {
    this.#address = address;
    this.#connectTimeoutMs = options.connectTimeoutMs;
    this.#done = done;
    this.#connecting = new AddressConnect({
      address,
      names: options.names,
      attempt: (target, ended) => connectStream(target, options, ended),
      connected: (stream, ip) => {
        this.#end(undefined, { stream, ip });
      },
      failed: (error) => {
        this.#end(error);
      },
    });
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#timedOut();
    }, this.#connectTimeoutMs);
    this.#connecting.start();
  }

  #timedOut(): void {
    const limit = `${String(this.#connectTimeoutMs)} ms`;
    const message = `no connection to ${formatAddress(this.#address)} within ${limit}${this.#connecting.waitsFor}`;
    this.#connecting.destroy();
    this.#end(new BalanceError('connect_timeout', message));
  }

  #end(error: Error | undefined, dialed?: Dialed): void {
    clearTimeout(this.#timer);
    this.#done(error, dialed);
  }
}

/** One attempt to connect to an IP address or a unix socket. */
function connectStream(
  target: ConnectTarget,
  options: DialOptions,
  ended: AttemptEnded<SocketTransport>,
): ConnectAttempt {
  const stream = new SocketTransport(options.buffers, options.onFault);
  const { keepAliveMs = 0 } = options;
  const connectOptions = {
    ...target,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: keepAliveMs > 0,
    keepAliveInitialDelay: keepAliveSeconds(keepAliveMs) * 1000,
    writableHighWaterMark: HIGH_WATER_MARK_BYTES,
    onread: stream.onread,
  };
  const socket = connect(connectOptions as unknown as NetConnectOpts);
  socket.once('error', (error) => {
    abandonSocket(socket);
    ended(error);
  });
  if (options.resources !== undefined) process.nextTick(refuseWithoutDescriptors, socket, options.resources);
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    stream.attach(socket);
    stream.hearLastWords();
    // The runtime starts to read when it has connected; with a reader or without, what comes is kept.
    stream.resume();
    ended(undefined, stream);
  });
  return {
    destroy: () => {
      abandonSocket(socket);
    },
  };
}

/**
 * The runtime makes the descriptor in the next tick. Not looked at before it has connected, many attempts at a time would take
 * all that is kept back for the admin server and the like.
 */
function refuseWithoutDescriptors(socket: Socket, resources: ProcessResources): void {
  if (socket.destroyed || resources.hasRoomForBackend(descriptorOf(handleOf(socket)))) return;
  socket.destroy(systemError('connect', 'EMFILE'));
}

function asConnectError(error: Error | undefined, resources: ProcessResources | undefined): BalanceError {
  if (error instanceof BalanceError) return error;
  const shortage = shortageOf(error);
  if (shortage !== '') {
    resources?.noteShortage('connect', shortage);
    return noResources(shortage, error);
  }
  return new BalanceError('connect_failed', messageOf(error), {
    status: systemCodeOf(error) === 'ETIMEDOUT' ? 504 : 502,
    cause: error,
  });
}

function noResources(code: string, cause: unknown): BalanceError {
  const message = `this process can open no more connections (${code}): ${messageOf(cause)}`;
  return new BalanceError('resources_exhausted', message, { cause });
}
