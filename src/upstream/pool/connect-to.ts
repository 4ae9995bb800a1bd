import { BalanceError, messageOf } from '../../errors.ts';
import { dial, type Dialed, type DialOptions } from '../../net/dial/dial.ts';
import type { BackendState } from '../backend/backend-state.ts';
import { PooledSocket } from './pooled-socket.ts';

/** Connects to a backend and counts the socket there. */
export async function connectTo(backend: BackendState, options: DialOptions): Promise<PooledSocket> {
  let dialed: Dialed;
  try {
    dialed = await dial(backend.target, options);
  } catch (error) {
    if (asBalanceError(error).origin === 'upstream') backend.connectFailures += 1;
    throw error;
  }
  const { transport: stream, ip } = dialed;
  const socket = new PooledSocket(stream, ip);
  // The name may have lost the address while the connection was made.
  if (backend.hostName !== undefined) socket.addressesChanged(backend.hostName.addresses);
  backend.created += 1;
  backend.sockets += 1;
  backend.connections.add(socket);
  backend.traffic.begin(stream);
  stream.whenClosed(() => {
    backend.sockets -= 1;
    backend.connections.delete(socket);
    backend.traffic.end(stream);
    if (socket.holder === undefined) return;
    // The reader is told first, as most protocols end their lease by themselves then.
    queueMicrotask(() => {
      socket.holder?.socketGone(socket);
    });
  });
  return socket;
}

/** The reason why connecting failed, as the error that a request is refused with. */
export function asBalanceError(error: unknown): BalanceError {
  if (error instanceof BalanceError) return error;
  return new BalanceError('internal', messageOf(error), { status: 502, cause: error });
}
