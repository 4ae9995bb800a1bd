import { readFileSync, readlinkSync, renameSync, unlinkSync } from 'node:fs';
import net, { isIPv6 } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import { descriptorOf, systemError, type ListeningHandle, type SocketName } from '../node-internals.ts';

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
  #address: Address;
  /** Whether Node.js would remove the file of the unix socket by itself: it does so at the path where it has bound the socket. */
  #isRemovedByNode: boolean;
  #isClosed = false;

  constructor(handle: ListeningHandle, address: Address, isAdopted: boolean) {
    this.handle = handle;
    this.#address = address;
    this.#isRemovedByNode = !isAdopted;
  }

  /** With the real port. */
  get address(): Address {
    return this.#address;
  }

  /** The number of the descriptor. */
  get fd(): number {
    return descriptorOf(this.handle);
  }

  /** Whether closing it removes a file that it has bound itself: nobody else can go on with such a socket. */
  get ownsFile(): boolean {
    return this.#isRemovedByNode && this.#address.kind === 'unix' && !this.#address.path.startsWith('\0');
  }

  /** Renames the file of a unix socket. What had that path before is gone. */
  rename(path: string): void {
    if (this.#address.kind !== 'unix') return;
    renameSync(this.#address.path, path);
    this.#address = { kind: 'unix', path };
    this.#isRemovedByNode = false;
  }

  /** Closes this descriptor; the address is free when all others are closed too. The file of a unix socket is removed at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.handle.close();
    if (!this.#isRemovedByNode) removeFile(this.#address);
  }

  /** As {@link close}, for a socket that another process goes on with: the file of a unix socket stays. */
  closeKeepingFile(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Closing it would remove the file. So it stays open until the process ends.
    if (!this.#isRemovedByNode || this.#address.kind === 'tcp') this.handle.close();
  }
}

/**
 * Binds an IP address or a unix socket. Nothing listens there yet.
 *
 * @param address host '': all addresses of this machine, IPv6 and IPv4
 * @throws a system error, such as `EADDRINUSE`
 */
export function bindHandle(address: Address): BoundHandle {
  if (address.kind === 'unix')
    return new BoundHandle(checked(create(address.path, UNIX, UNIX)), address, false);
  const { host, port } = address;
  if (host !== '') return boundTcp(create(host, port, isIPv6(host) ? 6 : 4));
  const all = create('::', port, 6);
  return boundTcp(typeof all === 'number' ? create('0.0.0.0', port, 4) : all);
}

/**
 * Takes over a bound socket that this process inherited.
 *
 * @throws a system error when the descriptor is no TCP or unix socket
 */
export function adoptDescriptor(fd: number): BoundHandle {
  const handle = checked(create(null, 0, 4, fd));
  const address = handle.getsockname === undefined ? unixAddressOf(fd) : tcpAddressOf(handle);
  return new BoundHandle(handle, address, true);
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

/** Handles of unix sockets do not know their path. The system does, by the inode of the socket. */
function unixAddressOf(fd: number): Address {
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${String(fd)}`))?.[0] ?? '';
  const line = new RegExp(`^.* ${inode} (?<path>.*)$`, 'm').exec(readFileSync('/proc/self/net/unix', 'utf8'));
  const path = line?.groups?.['path'] ?? '';
  return { kind: 'unix', path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
}

function removeFile(address: Address): void {
  if (address.kind !== 'unix' || address.path.startsWith('\0')) return;
  try {
    unlinkSync(address.path);
  } catch {
    // Somebody has removed it already.
  }
}
