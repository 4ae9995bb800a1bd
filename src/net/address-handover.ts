import { formatAddress, type Address } from '../config/values/address.ts';
import { BalanceError, messageOf } from '../errors.ts';
import type { Logger } from '../plugin-api/index.ts';

/** A bound socket that an edit takes away. */
export interface LeavingSocket {
  /** As it is bound. */
  readonly address: Address;
  /** Stops listening; connections stay as they are. A promise that it gives resolves once the address is free. */
  suspend(): unknown;
  /** Listens at the same address again. */
  resume(): Promise<void>;
}

/** A socket that an edit wants, and whose address has no room for it before another one leaves. */
export interface ArrivingSocket {
  readonly address: Address;
  listen(): Promise<unknown>;
  /** Closes it, also when it does not listen. */
  destroy(): void;
}

/** What a wait for a freed address costs when somebody else has taken it meanwhile. */
const RETRY_MS = 100;

/** Whether a socket that leaves may be what keeps another one from being bound. */
export function mayBlock({ address: leaving }: Pick<LeavingSocket, 'address'>, arriving: Address): boolean {
  if (leaving.kind === 'unix' || arriving.kind === 'unix') return false;
  return leaving.port === arriving.port;
}

/**
 * Hands addresses over that two sockets can't have at a time, as 127.0.0.1:80 and 0.0.0.0:80: what leaves stops listening and
 * what arrives is bound in the next moment, well below a millisecond. The system refuses who connects in between, and
 * there is no way to avoid that. When something can't be bound, all is as before. Resolves with what to tell operators; '' when
 * there is nothing.
 */
export async function handOver(
  leaving: readonly LeavingSocket[],
  arriving: readonly ArrivingSocket[],
  logger: Logger,
): Promise<string> {
  if (arriving.length === 0) return '';
  const inTheWay = leaving.filter((socket) => arriving.some(({ address }) => mayBlock(socket, address)));
  // Right behind a look at the network, so that few who connected wait to be accepted.
  await new Promise((resolve) => setImmediate(resolve));
  const sinceMs = performance.now();
  await Promise.all(inTheWay.map((socket) => socket.suspend()));
  const results = await Promise.allSettled(arriving.map((socket) => socket.listen()));
  const gapMs = Math.ceil((performance.now() - sinceMs) * 10) / 10;
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined)
    return `${listOf(inTheWay)} made room for ${listOf(arriving)}: connects in these ${gapMs} ms were refused`;
  for (const socket of arriving) socket.destroy();
  const restored = await Promise.all(inTheWay.map((socket) => resume(socket, logger)));
  const reason = messageOf(failed.reason);
  const outlook = restored.every(Boolean)
    ? 'what was bound there is bound again'
    : 'what was bound there can not be bound again either, and is tried on and on';
  throw new BalanceError('address_in_use', `${reason}; ${outlook}`, { cause: failed.reason });
}

function listOf(sockets: readonly { readonly address: Address }[]): string {
  return sockets.map(({ address }) => formatAddress(address)).join(', ');
}

/** False when it did not work at once; then it goes on until it does. */
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
      // Somebody has it still.
    }
  }
}
