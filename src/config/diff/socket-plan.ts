import { addressesCollide, formatAddress, parseAddress } from '../values/address.ts';
import type { Config, Listener } from '../schema/config.generated.ts';
import { socketKeyOf } from '../sockets/socket-key.ts';
import { HOT, type Effect } from './config-section.ts';

/** A socket that accepts connections. */
interface Bound {
  /** Sockets with the same key are the same one, before and after. */
  readonly key: string;
  /** As the config has it. */
  readonly address: string;
  readonly owner: string;
}

/** The ports that listeners on port 0 have got, as addresses by the names of listeners. */
export type BoundAddresses = ReadonlyMap<string, string>;

/** Which sockets an edit binds, keeps and closes. A socket stays when its address stays, whatever listens on it. */
export class SocketPlan {
  readonly #before: readonly Bound[];
  readonly #after: readonly Bound[];
  readonly #addresses: BoundAddresses;

  constructor(before: Config, after: Config, addresses: BoundAddresses = new Map()) {
    this.#before = [...before.listeners.map(ofListener), ...adminSockets(before)];
    this.#after = [...after.listeners.map(ofListener), ...adminSockets(after)];
    this.#addresses = addresses;
  }

  binding(listener: Listener): Effect {
    const socket = ofListener(listener);
    if (this.#isKept(socket)) return { ...HOT, note: `takes over the socket at ${socket.address}` };
    return this.#binding(socket);
  }

  closing(listener: Listener): Effect {
    const socket = ofListener(listener);
    const heir = this.#after.find(({ key }) => key === socket.key);
    if (heir !== undefined)
      return { ...HOT, note: `${heir.owner} takes over its socket at ${socket.address}` };
    return {
      effect: 're-binds',
      note: `closes ${socket.address}; its connections finish what runs on them`,
    };
  }

  moving(before: Listener, after: Listener): Effect {
    const to = this.binding(after);
    const from = this.closing(before);
    if (to.effect === 'refused') return to;
    const note = [to.note, from.note].filter((part) => part !== undefined).join('; ');
    return { effect: to.effect === 're-binds' ? to.effect : from.effect, note };
  }

  /** A listener with any free port is known by its name. */
  renaming(before: Listener, after: Listener): Effect {
    return ofListener(before).key === ofListener(after).key || before.address !== after.address
      ? HOT
      : this.moving(before, after);
  }

  /** What becomes of the servers of `admin` and `metrics`. */
  adminMoving(): Effect {
    const isAdmin = ({ key }: Bound): boolean => key.startsWith(ADMIN);
    const added = this.#after.filter((socket) => isAdmin(socket) && !this.#isKept(socket));
    const removed = this.#before.filter(
      (socket) => isAdmin(socket) && !this.#after.some(({ key }) => key === socket.key),
    );
    if (added.length + removed.length === 0) return HOT;
    const bindings = added.map((socket) => this.#binding(socket));
    const refused = bindings.find(({ effect }) => effect === 'refused');
    if (refused !== undefined) return refused;
    const closings = removed.map(({ address }) => `closes ${address}, when answers under way are sent`);
    return { effect: 're-binds', note: [...bindings.map(({ note }) => note), ...closings].join('; ') };
  }

  #isKept({ key }: Bound): boolean {
    return this.#before.some((other) => other.key === key);
  }

  #binding({ address }: Bound): Effect {
    const wanted = parseAddress(address);
    for (const other of this.#before) {
      const isStaying = this.#after.some(({ key }) => key === other.key);
      const there = isStaying ? this.#boundAddress(other) : other.address;
      if (!addressesCollide(parseAddress(there), wanted)) continue;
      if (isStaying)
        return { effect: 'refused', note: `can't bind ${address}: ${other.owner} stays at ${there}` };
      return {
        effect: 're-binds',
        note: `binds ${address} in the place of ${other.owner} at ${there}: there is room for one of them at a time, so connects in that moment, below a millisecond, are refused`,
      };
    }
    return { effect: 're-binds', note: `binds ${address}` };
  }

  #boundAddress({ owner, address }: Bound): string {
    return this.#addresses.get(owner.slice(LISTENER.length)) ?? address;
  }
}

const LISTENER = 'listener ';
const ADMIN = 'admin ';

function ofListener({ name, address }: Listener): Bound {
  return { key: LISTENER + socketKeyOf({ name, address }), address, owner: `${LISTENER}${name}` };
}

/** `admin` and `metrics` share a server when their addresses are the same; a listener that serves the metrics has its own socket. */
function adminSockets({ admin, metrics }: Config): Bound[] {
  const sockets = new Map<string, Bound>();
  for (const [owner, address] of [
    ['the admin server', admin?.listen],
    ['the metrics', metrics.enabled && metrics.listener === undefined ? metrics.listen : undefined],
  ] as const) {
    if (address === undefined) continue;
    const key = `${ADMIN}${formatAddress(parseAddress(address))}`;
    if (!sockets.has(key)) sockets.set(key, { key, address, owner });
  }
  return [...sockets.values()];
}
