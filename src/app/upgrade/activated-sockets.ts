import { closeSync } from 'node:fs';

import { addressKey, formatAddress, type Address } from '../../config/values/address.ts';
import type { InheritedSocket, SocketInheritance } from '../../net/listen/bind/socket-inheritance.ts';
import type { Logger } from '../../plugin-api/index.ts';
import { openSocketAt } from './open-sockets.ts';

/** Where the descriptors begin; source: sd_listen_fds(3). */
const FIRST_DESCRIPTOR = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

interface ActivatedSocket {
  readonly fd: number;
  /** As `FileDescriptorName=` of the unit says. */
  readonly name: string;
  /** undefined for a socket that does not listen, or that is not of a known kind. */
  readonly bound: Address | undefined;
}

/**
 * Socket activation: sockets that systemd has opened for this process. A listener takes the one that has its name, else the one that is bound
 * to its address. The names of the admin server and the metrics server are `admin` and `metrics`.
 */
export class ActivatedSockets implements SocketInheritance {
  readonly #unclaimed: Set<ActivatedSocket>;

  private constructor(sockets: readonly ActivatedSocket[]) {
    this.#unclaimed = new Set(sockets);
  }

  /** Reads what the environment says of them, and removes that: programs that this one starts must not take them. */
  static fromEnvironment(env: NodeJS.ProcessEnv, pid: number): ActivatedSockets | undefined {
    const [owner, count = '', names = ''] = VARIABLES.map((name) => env[name]);
    for (const name of VARIABLES) Reflect.deleteProperty(env, name);
    if (owner !== String(pid) || !/^\d{1,5}$/.test(count)) return undefined;
    const named = names.split(':');
    const sockets = Array.from({ length: Number(count) }, (_, index) => {
      const fd = FIRST_DESCRIPTOR + index;
      return { fd, name: named[index] ?? '', bound: openSocketAt(fd) };
    });
    return new ActivatedSockets(sockets);
  }

  claim(address: Address, what: string): InheritedSocket | undefined {
    const name = what.replace(/^listener /, '').replace(/^(admin|metrics) server$/, '$1');
    const wanted = addressKey(address);
    const usable = [...this.#unclaimed].filter(({ bound }) => bound !== undefined);
    const found =
      usable.find((socket) => socket.name === name) ??
      usable.find(({ bound }) => bound !== undefined && isSameAddress(bound, address, wanted));
    if (found?.bound === undefined) return undefined;
    this.#unclaimed.delete(found);
    return { fd: found.fd, bound: found.bound, ownsPath: false };
  }

  async whenHandedOver(begin: () => Promise<void> | void): Promise<void> {
    await begin();
  }

  /** All servers of the config have claimed theirs: closes the others, and warns of them. */
  closeUnclaimed(logger: Logger): void {
    for (const { fd, name, bound } of this.#unclaimed) {
      logger.warn('a socket of the service manager is closed: no listener has its name or its address', {
        descriptor: fd,
        name,
        address: bound === undefined ? 'it does not listen' : formatAddress(bound),
      });
      close(fd);
    }
    this.#unclaimed.clear();
  }
}

/** Without a host the config means all addresses. systemd binds `[::]` then. */
function isSameAddress(bound: Address, address: Address, wanted: string): boolean {
  if (addressKey(bound) === wanted) return true;
  const isEverywhere = address.kind === 'tcp' && address.host === '';
  return isEverywhere && bound.kind === 'tcp' && bound.host === '::' && bound.port === address.port;
}

/** The environment may name a descriptor that is not open. */
function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // There is nothing to close.
  }
}
