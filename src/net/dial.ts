import { connect, type NetConnectOpts, type Socket } from 'node:net';

import { formatAddress, type Address } from '../config/address.ts';
import { BalanceError, messageOf, systemCodeOf } from '../errors.ts';
import type { ReadBuffers } from './read-buffers.ts';
import { SocketStream, type FaultHandler } from './socket-stream.ts';
import { HIGH_WATER_MARK_BYTES } from './socket-writer.ts';

export interface DialOptions {
  readonly connectTimeoutMs: number;
  readonly buffers: ReadBuffers;
  readonly onFault: FaultHandler;
}

/** Connects to a backend. Rejects with a retryable BalanceError: nothing was sent yet. */
export function dial(address: Address, options: DialOptions): Promise<SocketStream> {
  return new Promise((resolve, reject) => {
    const stream = new SocketStream(options.buffers, options.onFault);
    const connectOptions = {
      ...(address.kind === 'unix'
        ? { path: address.path }
        : { host: address.host || 'localhost', port: address.port }),
      allowHalfOpen: true,
      noDelay: true,
      writableHighWaterMark: HIGH_WATER_MARK_BYTES,
      onread: stream.onread,
    };
    const socket = connect(connectOptions as unknown as NetConnectOpts);
    const timer = setTimeout(() => {
      refuse(
        socket,
        new BalanceError(
          'connect_timeout',
          `no connection to ${formatAddress(address)} within ${String(options.connectTimeoutMs)} ms`,
          {
            origin: 'upstream',
            retryable: true,
            status: 504,
          },
        ),
      );
    }, options.connectTimeoutMs);
    const refuse = (failed: Socket, error: BalanceError): void => {
      clearTimeout(timer);
      failed.removeAllListeners();
      // A socket that fails after it was given up must not end the process.
      failed.on('error', () => undefined);
      failed.destroy();
      reject(error);
    };
    socket.once('error', (error) => {
      const code = systemCodeOf(error);
      const status = code === 'ETIMEDOUT' ? 504 : 502;
      refuse(
        socket,
        new BalanceError('connect_failed', messageOf(error), {
          origin: 'upstream',
          retryable: true,
          status,
          cause: error,
        }),
      );
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      stream.attach(socket);
      // The runtime starts to read when it has connected; with a reader or without, what comes is kept.
      stream.resume();
      resolve(stream);
    });
  });
}
