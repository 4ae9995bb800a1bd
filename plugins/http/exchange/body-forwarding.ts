import { renewDeadline } from './exchange-deadline.ts';
import type { Exchange } from './exchange.ts';
import { refuseBody } from '../refusals/request-check.ts';
import type { RequestBody } from './request-body.ts';

/**
 * Takes the part of `bytes[start, end)` that belongs to the body of the request, and sends it to the backend or keeps it until
 * there is one. Returns where that part ends.
 */
export function takeBody(exchange: Exchange, bytes: Buffer, start: number, end: number): number {
  const { body, connection } = exchange;
  if (body === undefined) return start;
  const stop = body.take(bytes, start, end, connection.reader);
  if (body.fault !== undefined) {
    exchange.refuse(refuseBody(body, connection.reader));
    return end;
  }
  if (!exchange.isOver && body.hasPiece) forwardPiece(exchange, body);
  if (body.isOpen || exchange.response?.switched !== true) return stop;
  // The backend switched before it had the whole body: what follows the body is the other protocol's.
  connection.becomeTunnel();
  const ahead = stop < end ? Buffer.from(bytes.subarray(stop, end)) : undefined;
  exchange.becomeTunnel(ahead, exchange.bytesSent);
  return end;
}

/** Backpressure: the client may not send more than the backend takes. */
function forwardPiece(exchange: Exchange, body: RequestBody): void {
  const { lease } = exchange;
  const { stream } = exchange.connection.connection;
  if (lease !== undefined) {
    if (!body.sendTo(lease.channel)) stream.pause();
  } else if (!body.hold()) {
    // Once the body is complete, the client is still read from, because only a read shows that it left.
    if (body.isOpen) stream.pause();
    const upstream = exchange.matched?.upstream;
    if (!exchange.isQueued && upstream !== undefined) {
      exchange.acquire(upstream);
      return;
    }
  }
  renewDeadline(exchange);
}

/** The backend took all that waited for it. */
export function backendDrained(exchange: Exchange): void {
  if (exchange.body?.unblock() !== true) return;
  exchange.connection.resume();
  renewDeadline(exchange);
}
