import net, { isIPv6 } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import { descriptorOf, systemError, type ListeningHandle, type SocketName } from '../node-internals.ts';
import { removeSocketFile } from '../socket-file.ts';

/** Not documented, and the same in all versions since Node 0.12: makes a bound handle, or returns a system error. */
type CreateServerHandle = (
  address: string | null,
  port: number,
  addressType: number,
  fd?: number,
) => NamedHandle | number;

type NamedHandle = ListeningHandle & { getsockname?(target: SocketName): number };

const UNIX = -1;
const EADDRNOTAVAIL = -99;

/**
 * A socket that is bound, and from which this thread accepts nothing: whoever gets a descriptor of it listens and accepts. While it is
 * open, clients wait in its queue even when nobody accepts.
 */
export class BoundHandle {
  readonly handle: ListeningHandle;
  /** With the real port. */
  readonly address: Address;
  /** Whether the path of a unix socket goes with it. */
  readonly ownsPath: boolean;
  #isClosed = false;

  constructor(handle: ListeningHandle, address: Address, ownsPath: boolean) {
    this.handle = handle;
    this.address = address;
    this.ownsPath = ownsPath;
  }

  /** The number of the descriptor. */
  get fd(): number {
    return descriptorOf(this.handle);
  }

  /** Closes this descriptor; the address is free when all others are closed too. The path of a unix socket is removed at once. */
  close(): void {
    const { address, ownsPath } = this;
    if (!this.#isClosed && ownsPath && address.kind === 'unix') removeSocketFile(address.path);
    this.closeKeepingPath();
  }

  /** As {@link close}, for a socket that another process goes on with: the path of a unix socket stays. */
  closeKeepingPath(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.handle.close();
  }
}

/**
 * Binds an IP address or a unix socket. Nothing listens there yet.
 *
 * @param address host '': all addresses of this machine, IPv6 and IPv4
 * @param beside where to make the file of a unix socket. It is removed there when this descriptor is closed. Default: at its path
 * @throws a system error, such as `EADDRINUSE`
 */
export function bindHandle(address: Address, beside?: string): BoundHandle {
  if (address.kind === 'unix')
    return new BoundHandle(checked(create(beside ?? address.path, UNIX, UNIX)), address, true);
  const { host, port } = address;
  if (host !== '') return boundTcp(create(host, port, isIPv6(host) ? 6 : 4));
  const all = create('::', port, 6);
  return boundTcp(typeof all === 'number' ? create('0.0.0.0', port, 4) : all);
}

/**
 * Takes over a bound socket that this process inherited.
 *
 * @param address where it is bound
 * @param ownsPath whether the path of a unix socket goes with it
 * @throws a system error when the descriptor is no TCP or unix socket
 */
export function adoptDescriptor(fd: number, address: Address, ownsPath: boolean): BoundHandle {
  return new BoundHandle(checked(create(null, 0, 4, fd)), address, ownsPath);
}

function create(...options: Parameters<CreateServerHandle>): NamedHandle | number {
  return (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle(...options);
}

function checked(made: NamedHandle | number): NamedHandle {
  if (typeof made === 'number') throw systemError('bind', made);
  made.unref();
  return made;
}

function boundTcp(made: NamedHandle | number): BoundHandle {
  const handle = checked(made);
  try {
    return new BoundHandle(handle, tcpAddressOf(handle), false);
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** An address that is in use is reported here: Node.js puts that error off until somebody asks for the name. */
function tcpAddressOf(handle: NamedHandle): Address {
  const name: SocketName = {};
  const status = handle.getsockname?.(name) ?? EADDRNOTAVAIL;
  if (status !== 0) throw systemError('bind', status);
  return { kind: 'tcp', host: name.address ?? '', port: name.port ?? 0 };
}
