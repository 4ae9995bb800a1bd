import { connect, type NetConnectOpts } from 'node:net';

import type { DialerSettings } from '../../config/sockets/dialer-settings.ts';
import type { Address } from '../../config/values/address.ts';
import type { HostNames } from '../dns/host-names.ts';
import type { FaultHandler } from '../faults/plugin-fault.ts';
import { keepAliveSeconds } from '../node/keep-alive.ts';
import { proxyHeaderOf } from '../proxy-protocol/write/proxy-header-of.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import type { ReadBuffers } from '../transport/memory/read-buffers.ts';
import { SocketTransport } from '../transport/socket-transport.ts';
import { HIGH_WATER_MARK_BYTES } from '../transport/socket-writer.ts';
import { destroySocket, type ConnectTarget } from './address-connect.ts';
import { refuseWithoutDescriptors } from './descriptor-check.ts';
import { Dial } from './dial.ts';
import type { DialDone, DialedFor, Dialer, PendingDial } from './dialer.ts';
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

  dial(to: Address, done: DialDone, client?: DialedFor): PendingDial {
    const settings = this.#settings;
    const parts = this.#parts;
    return new Dial<SocketTransport>(
      {
        to,
        names: parts.names,
        timeoutMs: settings.connectTimeoutMs,
        resources: parts.resources,
        attempt: (target, ended) => connectTransport(target, settings.keepAliveMs, parts, ended),
        finish: (transport, ip, ended) => {
          const { proxyProtocol } = settings;
          // Before anything else: what is written next belongs to the protocol.
          if (proxyProtocol !== undefined) transport.write(proxyHeaderOf(proxyProtocol, client));
          ended(undefined, { transport, ip });
          return undefined;
        },
      },
      done,
    );
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
