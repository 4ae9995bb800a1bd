import { BalanceError, messageOf } from '../../errors.ts';
import type { Dialed, DialedFor, Dialer, PendingDial } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendState } from '../backend/backend-state.ts';
import { PooledSocket } from './pooled-socket.ts';

/** How connecting ended: with an error, or with a socket. */
export type Connected = (error: BalanceError | undefined, socket?: PooledSocket) => void;

/**
 * Connects to a backend and updates its counts. `done` is called once, after this has returned, unless the dial is destroyed.
 *
 * @param use what the connection is for; undefined when it is not known
 * @param client the client that the connection is for. Default: nobody
 */
export function connectTo(
  backend: BackendState,
  dialer: Dialer,
  use: SocketUse | undefined,
  done: Connected,
  client?: DialedFor,
): PendingDial {
  return dialer.dial(
    backend.target,
    (error, dialed) => {
      if (dialed !== undefined) {
        backend.connects.worked();
        done(undefined, countedSocket(backend, dialed));
      } else {
        if (error?.origin === 'upstream') {
          backend.connectFailures += 1;
          backend.connects.failed(error.message);
        }
        done(error);
      }
    },
    client,
    use,
  );
}

function countedSocket(backend: BackendState, { transport, ip }: Dialed): PooledSocket {
  const socket = new PooledSocket(transport, ip);
  // The host name may no longer have this address: it may have changed while the connection was made.
  if (backend.hostName !== undefined) socket.addressesChanged(backend.hostName.addresses);
  backend.created += 1;
  backend.sockets += 1;
  backend.connections.add(socket);
  backend.traffic.begin(transport);
  transport.whenClosed(() => {
    backend.sockets -= 1;
    backend.connections.delete(socket);
    backend.traffic.end(transport);
    if (socket.holder === undefined) return;
    // The reader hears of the end first: most readers end their lease then by themselves.
    queueMicrotask(() => {
      socket.holder?.channelGone(socket);
    });
  });
  return socket;
}

/** The error that a request is refused with, made from the reason why connecting failed. */
export function asBalanceError(error: unknown): BalanceError {
  if (error instanceof BalanceError) return error;
  return new BalanceError('internal', messageOf(error), { status: 502, cause: error });
}
