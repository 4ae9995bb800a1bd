import { connect, type NetConnectOpts, type Socket } from 'node:net';

import type { DialerSettings } from '../../config/sockets/dialer-settings.ts';
import { formatAddress, type Address } from '../../config/values/address.ts';
import { BalanceError, messageOf, shortageOf, systemCodeOf } from '../../errors.ts';
import type { HostNames } from '../dns/host-names.ts';
import type { FaultHandler } from '../faults/plugin-fault.ts';
import { keepAliveSeconds } from '../node/keep-alive.ts';
import { descriptorOf, handleOf, systemError } from '../node/node-internals.ts';
import { proxyHeaderOf } from '../proxy-protocol/write/proxy-header-of.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import type { ReadBuffers } from '../transport/read-buffers.ts';
import { SocketTransport } from '../transport/socket-transport.ts';
import { HIGH_WATER_MARK_BYTES } from '../transport/socket-writer.ts';
import { destroySocket, AddressConnect, type ConnectTarget } from './address-connect.ts';
import type { DialDone, Dialed, DialedFor, Dialer } from './dialer.ts';
import type { AttemptEnded, ConnectAttempt } from './happy-eyeballs.ts';
import { settingsKey } from './settings-key.ts';

/** What all dialers of the process share. */
export interface DialerParts {
  readonly names: HostNames;
  readonly buffers: ReadBuffers;
  readonly onFault: FaultHandler;
  /** Limits on the descriptors that connections may take. Default: none. */
  readonly resources?: ProcessResources | undefined;
}

/** Connects over TCP or to a unix socket, and encrypts nothing. */
export class SocketDialer implements Dialer {
  readonly key: string;
  readonly #settings: DialerSettings;
  readonly #parts: DialerParts;

  constructor(settings: DialerSettings, parts: DialerParts) {
    this.key = settingsKey<DialerSettings>(settings);
    this.#settings = settings;
    this.#parts = parts;
  }

  dial(to: Address, done: DialDone, client?: DialedFor): void {
    const { resources } = this.#parts;
    let hasReturned = false;
    const ended: AttemptEnded<Dialed> = (error, dialed) => {
      if (dialed !== undefined) {
        done(undefined, dialed);
        return;
      }
      const failure = asConnectError(error, resources);
      // A name without an address may fail before `dial` returns, but `done` must come after that.
      if (hasReturned) done(failure);
      else
        queueMicrotask(() => {
          done(failure);
        });
    };
    const attempt = new Dial({ to, client, settings: this.#settings, parts: this.#parts }, ended);
    attempt.start();
    hasReturned = true;
  }
}

/** What one dial is made with. */
interface DialTask {
  readonly to: Address;
  readonly client: DialedFor | undefined;
  readonly settings: DialerSettings;
  readonly parts: DialerParts;
}

/** One dial. */
class Dial {
  readonly #address: Address;
  readonly #connectTimeoutMs: number;
  readonly #done: AttemptEnded<Dialed>;
  readonly #connecting: AddressConnect<SocketTransport>;
  #timer: NodeJS.Timeout | undefined;

  constructor({ to: address, client, settings, parts }: DialTask, done: AttemptEnded<Dialed>) {
    this.#address = address;
    this.#connectTimeoutMs = settings.connectTimeoutMs;
    this.#done = done;
    this.#connecting = new AddressConnect({
      address,
      names: parts.names,
      attempt: (target, ended) => connectTransport(target, settings.keepAliveMs, parts, ended),
      connected: (transport, ip) => {
        const { proxyProtocol } = settings;
        // Before anything else: what is written next belongs to the protocol.
        if (proxyProtocol !== undefined) transport.write(proxyHeaderOf(proxyProtocol, client));
        this.#end(undefined, { transport, ip });
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
function connectTransport(
  target: ConnectTarget,
  keepAliveMs: number,
  { buffers, onFault, resources }: DialerParts,
  ended: AttemptEnded<SocketTransport>,
): ConnectAttempt {
  const transport = new SocketTransport(buffers, onFault);
  const connectOptions = {
    ...target,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: keepAliveMs > 0,
    keepAliveInitialDelay: keepAliveSeconds(keepAliveMs) * 1000,
    writableHighWaterMark: HIGH_WATER_MARK_BYTES,
    onread: transport.onread,
  };
  const socket = connect(connectOptions as unknown as NetConnectOpts);
  socket.once('error', (error) => {
    destroySocket(socket);
    ended(error);
  });
  if (resources !== undefined) process.nextTick(refuseWithoutDescriptors, socket, resources);
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    transport.attach(socket);
    transport.delayWriteErrors();
    // Node.js starts to read when it has connected. The transport keeps what arrives before there is a reader.
    transport.resume();
    ended(undefined, transport);
  });
  return {
    destroy: () => {
      destroySocket(socket);
    },
  };
}

/**
 * Ends an attempt whose descriptor is reserved for other work, such as the admin server. Node.js opens the descriptor in the next tick,
 * so it is checked then. A check after connecting would be too late: many attempts at a time could take all reserved descriptors.
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
