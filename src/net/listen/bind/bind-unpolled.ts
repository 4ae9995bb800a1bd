import type { Address } from '../../../config/values/address.ts';
import { bindHandle, type BoundHandle } from '../../node/descriptors/bound-handle.ts';
import { bindAddress, type WantedAddress } from './bind-address.ts';
import { bindUnix } from './unix-socket.ts';

/**
 * Binds a socket from which this thread accepts nothing; others get descriptors of it.
 *
 * @param mode permissions of a unix socket; undefined: what the process's umask leaves
 * @throws BalanceError as {@link bindAddress} does
 */
export function bindUnpolled(wanted: WantedAddress, mode: number | undefined): Promise<BoundHandle> {
  return bindAddress(
    wanted,
    (address) =>
      new Promise((resolve) => {
        resolve(bind(address, mode));
      }),
  );
}

function bind(address: Address, mode: number | undefined): BoundHandle {
  if (address.kind !== 'unix') return bindHandle(address);
  return bindUnix(address.path, mode, {
    bind: (beside) => bindHandle(address, beside),
    close: (bound) => {
      bound.closeKeepingPath();
    },
  });
}
