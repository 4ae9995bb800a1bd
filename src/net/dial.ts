import { connect, isIP, type NetConnectOpts } from 'node:net';

import { formatAddress, type Address } from '../config/address.ts';
import { BalanceError, messageOf, shortageOf, systemCodeOf } from '../errors.ts';
import {
  ConnectInTurn,
  noAddress,
  shortList,
  type AttemptEnded,
  type ConnectAttempt,
} from './connect-in-turn.ts';
import type { HostNames } from './dns/host-names.ts';
import { descriptorOf, handleOf } from './node-internals.ts';
import type { OwnResources } from './own-resources.ts';
import type { ReadBuffers } from './read-buffers.ts';
import { SocketStream, type FaultHandler } from './socket-stream.ts';
import { HIGH_WATER_MARK_BYTES } from './socket-writer.ts';
import { systemError } from './system-error.ts';

export interface DialOptions {
  /** For all of it: looking the name up, and each address that is tried. */
  readonly connectTimeoutMs: number;
  readonly names: HostNames;
  readonly buffers: ReadBuffers;
  readonly onFault: FaultHandler;
  /** What connections may take of this process. Default: all there is. */
  readonly resources?: OwnResources | undefined;
}

/** A connection to a backend. */
export interface Dialed {
  readonly stream: SocketStream;
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
  readonly #options: DialOptions;
  readonly #done: AttemptEnded<Dialed>;
  #timer: NodeJS.Timeout | undefined;
  /** Gives up what it waits for. */
  #stop: () => void = () => undefined;
  /** What is waited for, in words for the error of the time limit. */
  #waitsFor = '';
  #isOver = false;

  constructor(address: Address, options: DialOptions, done: AttemptEnded<Dialed>) {
    this.#address = address;
    this.#options = options;
    this.#done = done;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#timedOut();
    }, this.#options.connectTimeoutMs);
    const address = this.#address;
    if (address.kind === 'unix') this.#connectTo({ path: address.path });
    else if (isIP(address.host) !== 0) this.#connectTo({ host: address.host, port: address.port });
    else this.#connectToName(address.host === '' ? 'localhost' : address.host, address.port);
  }

  #connectTo(target: ConnectTarget): void {
    const attempt = connectStream(target, this.#options, (error, stream) => {
      this.#end(error, stream && { stream, ip: undefined });
    });
    this.#stop = () => {
      attempt.destroy();
    };
  }

  #connectToName(host: string, port: number): void {
    this.#waitsFor = `: the name servers have not answered for ${host}`;
    const { names } = this.#options;
    const nothingYet = this.#stop;
    const stopWaiting = names.lookUp(host, (addresses, failure) => {
      if (this.#isOver) return;
      if (addresses.length === 0) this.#end(noAddress(host, failure));
      else this.#connectInTurn(host, port, addresses);
    });
    // Known addresses are told at once, and then there is a connection to stop.
    if (this.#stop === nothingYet) this.#stop = stopWaiting;
  }

  #connectInTurn(host: string, port: number, addresses: readonly string[]): void {
    this.#waitsFor = addresses.length === 1 ? ` (${addresses.join()})` : ` (tried ${shortList(addresses)})`;
    const turns = this.#options.names.turns(host, port);
    const attempts = new ConnectInTurn<SocketStream>({
      addresses: turns.order(addresses),
      turns,
      attempt: (ip, ended) => connectStream({ host: ip, port }, this.#options, ended),
      connected: (stream, ip) => {
        this.#end(undefined, { stream, ip });
      },
      failed: (error) => {
        this.#end(error);
      },
    });
    this.#stop = () => {
      attempts.destroy();
    };
  }

  #timedOut(): void {
    const limit = `${String(this.#options.connectTimeoutMs)} ms`;
    const message = `no connection to ${formatAddress(this.#address)} within ${limit}${this.#waitsFor}`;
    this.#stop();
    this.#end(
      new BalanceError('connect_timeout', message, { origin: 'upstream', retryable: true, status: 504 }),
    );
  }

  #end(error: Error | undefined, dialed?: Dialed): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#done(error, dialed);
  }
}

type ConnectTarget = { readonly path: string } | { readonly host: string; readonly port: number };

/** One attempt to connect to an IP address or a unix socket. */
function connectStream(
  target: ConnectTarget,
  options: DialOptions,
  ended: AttemptEnded<SocketStream>,
): ConnectAttempt {
  const stream = new SocketStream(options.buffers, options.onFault);
  const connectOptions = {
    ...target,
    allowHalfOpen: true,
    noDelay: true,
    writableHighWaterMark: HIGH_WATER_MARK_BYTES,
    onread: stream.onread,
  };
  const socket = connect(connectOptions as unknown as NetConnectOpts);
  const giveUp = (): void => {
    socket.removeAllListeners();
    // A socket that fails after it was given up must not end the process.
    socket.on('error', () => undefined);
    socket.destroy();
  };
  socket.once('error', (error) => {
    giveUp();
    ended(error);
  });
  socket.once('connect', () => {
    if (options.resources?.mayConnect(descriptorOf(handleOf(socket))) === false) {
      giveUp();
      ended(systemError('connect', 'EMFILE'));
      return;
    }
    socket.removeAllListeners('error');
    stream.attach(socket);
    // The runtime starts to read when it has connected; with a reader or without, what comes is kept.
    stream.resume();
    ended(undefined, stream);
  });
  return { destroy: giveUp };
}

function asConnectError(error: Error | undefined, resources: OwnResources | undefined): BalanceError {
  if (error instanceof BalanceError) return error;
  const shortage = shortageOf(error);
  if (shortage !== '') {
    resources?.ranShort('connect', shortage);
    return noResources(shortage, error);
  }
  return new BalanceError('connect_failed', messageOf(error), {
    origin: 'upstream',
    retryable: true,
    status: systemCodeOf(error) === 'ETIMEDOUT' ? 504 : 502,
    cause: error,
  });
}

function noResources(code: string, cause: unknown): BalanceError {
  const message = `this process can open no more connections (${code}): ${messageOf(cause)}`;
  return new BalanceError('resources_exhausted', message, { origin: 'internal', status: 503, cause });
}
