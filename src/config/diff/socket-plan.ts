import { addressesCollide, formatAddress, parseAddress } from '../address.ts';
import type { Config, Listener } from '../config.generated.ts';
import { HOT, type Consequence } from './place.ts';

interface Bound {
  readonly key: string;
  readonly address: string;
  readonly owner: string;
}

/** Which sockets of listeners an edit binds, keeps and closes. A socket stays when its address stays, whatever listens on it. */
export class SocketPlan {
  readonly #before: readonly Bound[];
  readonly #after: readonly Bound[];

  constructor(before: Config, after: Config) {
    this.#before = before.listeners.map(bound);
    this.#after = after.listeners.map(bound);
  }

  binding(listener: Listener): Consequence {
    const { key, address } = bound(listener);
    if (this.#before.some((other) => other.key === key))
      return { ...HOT, note: `takes over the socket at ${address}` };
    const parsed = parseAddress(address);
    const obstacle = this.#before.find((other) => addressesCollide(parseAddress(other.address), parsed));
    if (obstacle !== undefined) {
      return {
        effect: 're-binds',
        note: `binds ${address} in the place of ${obstacle.owner} at ${obstacle.address}: there is room for one of them at a time, so connects in that moment, below a millisecond, are refused`,
      };
    }
    return { effect: 're-binds', note: `binds ${address}` };
  }

  unbinding(listener: Listener): Consequence {
    const { key, address } = bound(listener);
    const heir = this.#after.find((other) => other.key === key);
    if (heir !== undefined) return { ...HOT, note: `${heir.owner} takes over its socket at ${address}` };
    return {
      effect: 're-binds',
      note: `closes ${address}; its connections finish what runs on them`,
    };
  }

  moving(before: Listener, after: Listener): Consequence {
    const to = this.binding(after);
    const from = this.unbinding(before);
    if (to.effect === 'refused') return to;
    const note = [to.note, from.note].filter((part) => part !== undefined).join('; ');
    return { effect: to.effect === 're-binds' ? to.effect : from.effect, note };
  }

  /** A listener with any free port is known by its name. */
  renaming(before: Listener, after: Listener): Consequence {
    return bound(before).key === bound(after).key || before.address !== after.address
      ? HOT
      : this.moving(before, after);
  }
}

function bound({ name, address }: Listener): Bound {
  const plain = formatAddress(parseAddress(address));
  return { key: plain.endsWith(':0') ? `${name} ${plain}` : plain, address, owner: `listener ${name}` };
}
