import type { BalanceError } from '../../errors.ts';
import type { PooledSocket } from './pooled-socket.ts';

/** Someone who waits for a socket. */
export interface SocketTaker {
  taken(socket: PooledSocket): void;
  failed(error: BalanceError): void;
}
