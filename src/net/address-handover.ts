import { formatAddress, type Address } from '../config/values/address.ts';
import { BalanceError, messageOf } from '../errors.ts';
import type { Logger } from '../plugin-api/index.ts';

/** A bound socket that an edit removes. */
export interface LeavingSocket {
  /** The bound address. */
  readonly address: Address;
  /**
   * Stops listening; connections go on. The address is free on return, or when the promise resolves that it returns. When that rejects, the
   * address is not free.
   */
  suspend(): unknown;
  /** Listens at the same address again. Without effect when it still does. */
  resume(): Promise<void>;
}

/** A socket that an edit adds, and that can't be bound before another one leaves its address. */
export interface ArrivingSocket {
  readonly address: Address;
  listen(): Promise<unknown>;
  /** Closes the socket, whether it listens or not. */
  destroy(): void;
}

/** The pause between attempts to bind an address that another process has taken meanwhile. */
const RETRY_MS = 100;

/** Whether a leaving socket may keep another one from being bound: both have the same port. */
export function mayBlock({ address: leaving }: Pick<LeavingSocket, 'address'>, arriving: Address): boolean {
  if (leaving.kind === 'unix' || arriving.kind === 'unix') return false;
  return leaving.port === arriving.port;
}

/**
 * Hands over addresses that two sockets can't have at the same time, such as 127.0.0.1:80 and 0.0.0.0:80: the leaving sockets stop
 * listening, and the arriving ones are bound right after that, in well below a millisecond. The system refuses clients that connect in
 * between; that can't be avoided. When an address can't be bound, the leaving sockets listen again.
 *
 * @returns what operators should know, for the summary of the edit; '' when no address changed hands
 */
export async function handOver(
  leaving: readonly LeavingSocket[],
  arriving: readonly ArrivingSocket[],
  logger: Logger,
): Promise<string> {
  if (arriving.length === 0) return '';
  const inTheWay = leaving.filter((socket) => arriving.some(({ address }) => mayBlock(socket, address)));
  // Right after the event loop has accepted connections, so that few clients are still waiting for that.
  await new Promise((resolve) => setImmediate(resolve));
  const sinceMs = performance.now();
  // `await` within, so that a socket that throws is no exception to the rule.
  const suspended = await Promise.allSettled(
    inTheWay.map(async (socket) => {
      await socket.suspend();
    }),
  );
  let failed = suspended.find((result) => result.status === 'rejected');
  if (failed === undefined) {
    const bound = await Promise.allSettled(arriving.map((socket) => socket.listen()));
    failed = bound.find((result) => result.status === 'rejected');
  }
  const gapMs = Math.ceil((performance.now() - sinceMs) * 10) / 10;
  if (failed === undefined)
    return `${listOf(inTheWay)} made room for ${listOf(arriving)}: connects in these ${gapMs} ms were refused`;
  for (const socket of arriving) socket.destroy();
  const restored = await Promise.all(inTheWay.map((socket) => resume(socket, logger)));
  const reason = messageOf(failed.reason);
  const outlook = restored.every(Boolean)
    ? 'the sockets that had these addresses listen there again'
    : 'the sockets that had these addresses could not listen there again either; the proxy keeps trying';
  throw new BalanceError('address_in_use', `${reason}; ${outlook}`, { cause: failed.reason });
}

function listOf(sockets: readonly { readonly address: Address }[]): string {
  return sockets.map(({ address }) => formatAddress(address)).join(', ');
}

/** Resolves with false when the address can't be bound again at once. Then it is tried again and again until it can. */
async function resume(socket: LeavingSocket, logger: Logger): Promise<boolean> {
  try {
    await socket.resume();
    return true;
  } catch (error) {
    logger.error('address lost, trying to bind it again', { error: messageOf(error) });
    void resumeLater(socket);
    return false;
  }
}

async function resumeLater(socket: LeavingSocket): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    try {
      await socket.resume();
      return;
    } catch {
      // Another process still has the address.
    }
  }
}
