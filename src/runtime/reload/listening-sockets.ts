import type { Address } from '../../config/values/address.ts';
import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { LeavingSocket } from '../../net/address-handover.ts';
import type { SocketControl } from '../control/proxy-control.ts';
import type { PreparedChange, ReloadParticipant } from './reload-participant.ts';

/** The sockets of listeners as a part of the supervisor: they may have to make room for an admin server, and it for them. */
export class ListeningSockets implements ReloadParticipant {
  readonly #sockets: SocketControl;

  constructor(sockets: SocketControl) {
    this.#sockets = sockets;
  }

  leaving(_loaded: LoadedConfig, generation: number): readonly LeavingSocket[] {
    const sockets = this.#sockets;
    return sockets.leaving(generation).map((address) => ({
      address,
      suspend: () => sockets.suspend(address),
      resume: () => sockets.resume(address),
    }));
  }

  /** The generation's own commit and abort decide what becomes of what was bound. */
  async prepare(
    _loaded: LoadedConfig,
    leaving: readonly LeavingSocket[],
    generation: number,
  ): Promise<PreparedChange> {
    const sockets = this.#sockets;
    const addresses: readonly Address[] = leaving.map(({ address }) => address);
    const later = await sockets.bind(generation, addresses);
    return {
      arriving: later.map((address) => ({
        address,
        listen: () => sockets.listen(generation, address),
        destroy: () => {
          sockets.release(generation, address);
        },
      })),
      commit: () => undefined,
      unwind: () => undefined,
    };
  }
}
