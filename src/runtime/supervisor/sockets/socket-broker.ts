import { socketKeyOf } from '../../../config/sockets/socket-key.ts';
import type { Config, Listener } from '../../../config/schema/config.generated.ts';
import { addressesCollide, formatAddress, type Address } from '../../../config/values/address.ts';
import { BalanceError } from '../../../errors.ts';
import { mayBlock } from '../../../net/address-handover.ts';
import type { OfferedSocket } from '../../../net/listen/bind/socket-inheritance.ts';
import type { DescriptorHub } from '../../../net/node/descriptors/descriptor-hub.ts';
import type { SocketControl } from '../../control/proxy-control.ts';
import { takenBack } from '../../control/taken-back.ts';
import { withTimeout } from '../../../time/with-timeout.ts';
import { HeldSocket, type HoldingOptions } from './held-socket.ts';
import type { WorkerQuestions } from '../link/messages.ts';
import type { Ask } from '../link/thread-messages.ts';
import { veto, type Refusal } from '../link/veto.ts';
import type { WorkerLink } from '../link/worker-link.ts';

/** A worker that gets descriptors. */
export interface SocketPeer {
  /** From 0 on. */
  readonly index: number;
  /** As people see it. */
  readonly number: number;
  readonly ask: WorkerLink['ask'];
}

export interface SocketBrokerOptions extends HoldingOptions {
  readonly hub: DescriptorHub;
}

/** How long a worker may take to begin to listen; longer than it waits itself for a descriptor. */
const BIND_LIMIT_MS = 10_000;
/** How long a worker may take to stop listening. */
const SUSPEND_LIMIT_MS = 1_000;
/** For so long the others wait for a worker that begins to listen again. */
const RESUME_LIMIT_MS = 2_000;
/** How long workers may keep what they were to close, before the next edit binds addresses. */
const CLOSE_LIMIT_MS = 2_000;
/** More descriptors at once are of no use to a worker. */
const MOST_AT_ONCE = 64;

/** A generation between its plan and its commit or abort. */
interface Plan {
  readonly id: number;
  readonly listeners: readonly Listener[];
  readonly peers: readonly SocketPeer[];
  /** What it adds, by key. */
  readonly added: Map<string, HeldSocket>;
}

/**
 * Holds the listening sockets of all workers: binds them in the main thread, which accepts nothing from them, and sends the workers
 * descriptors. So a socket, and the clients that wait in its queue, outlive every worker.
 */
export class SocketBroker implements SocketControl {
  readonly #options: SocketBrokerOptions;
  readonly #live = new Map<string, HeldSocket>();
  #plan: Plan | undefined;
  #lastNumber = 0;
  /** Those that accept from the live sockets. */
  #peers: readonly SocketPeer[] = [];
  /** Workers that are about to. */
  readonly #joins = new Set<Promise<void>>();
  /** Resolves when workers have closed what they do not need any more. */
  #freed: Promise<void> = Promise.resolve();

  constructor(options: SocketBrokerOptions) {
    this.#options = options;
  }

  /** Generation `id` has these listeners, and `peers` are to accept for them. */
  plan(id: number, { listeners }: Pick<Config, 'listeners'>, peers: readonly SocketPeer[]): void {
    this.#plan = { id, listeners, peers, added: new Map() };
    this.#peers = peers;
  }

  leaving(id: number): readonly Address[] {
    const kept = new Set(this.#planned(id).listeners.map(socketKeyOf));
    return [...this.#live.values()].filter(({ key }) => !kept.has(key)).map(({ bound }) => bound);
  }

  async bind(id: number, leaving: readonly Address[]): Promise<readonly Address[]> {
    const plan = this.#planned(id);
    await this.#freed;
    const bound: HeldSocket[] = [];
    const arriving: Address[] = [];
    for (const listener of plan.listeners) {
      if (this.#live.has(socketKeyOf(listener))) continue;
      const socket = new HeldSocket((this.#lastNumber += 1), listener, this.#options);
      plan.added.set(socket.key, socket);
      if (await this.#bind(socket, leaving)) bound.push(socket);
      else arriving.push(socket.address);
      if (this.#plan !== plan) throw takenBack();
    }
    const sockets = bound.map((socket) => socket.grant());
    await askAll(plan.peers, { kind: 'bind', generation: id, leaving, sockets }, BIND_LIMIT_MS);
    return arriving;
  }

  async listen(id: number, address: Address): Promise<void> {
    const socket = this.#arriving(id, address);
    if (socket === undefined) return;
    await socket.bind(() => this.#handedOver(socket));
    const { peers } = this.#planned(id);
    await askAll(peers, { kind: 'listen', generation: id, socket: socket.grant() }, BIND_LIMIT_MS);
  }

  release(id: number, address: Address): void {
    if (this.#plan?.id !== id) return;
    this.#arriving(id, address)?.close(false);
    const { peers } = this.#plan;
    this.#closing(askAll(peers, { kind: 'release', generation: id, address }, CLOSE_LIMIT_MS));
  }

  async suspend(address: Address): Promise<void> {
    const socket = this.#boundAt(address);
    if (socket === undefined) return;
    // One that gets its descriptors at this moment must close them too.
    await Promise.allSettled(this.#joins);
    // One that does not answer keeps the address.
    await askAll(this.#peers, { kind: 'suspend', address }, SUSPEND_LIMIT_MS, isGone);
    socket.suspend();
  }

  async resume(address: Address): Promise<void> {
    const socket = this.#boundAt(address);
    if (socket === undefined) return;
    await socket.resume();
    // One that does not answer in time does so later: it hears what it is asked in order.
    await askAll(this.#peers, { kind: 'resume', address }, RESUME_LIMIT_MS, isAway);
  }

  offers(): readonly OfferedSocket[] {
    return [...this.#live.values()].flatMap((socket) => socket.offer() ?? []);
  }

  /** Bound addresses by the names of the live generation's listeners. */
  addresses(): ReadonlyMap<string, string> {
    return new Map([...this.#live.values()].map(({ name, bound }) => [name, formatAddress(bound)]));
  }

  /**
   * Generation `id` goes live: sockets that it has no listener for are closed.
   *
   * @param committed resolves when the workers have closed them too
   */
  commit(id: number, committed: Promise<unknown>): void {
    const { listeners, added } = this.#planned(id);
    this.#plan = undefined;
    for (const [key, socket] of added) this.#live.set(key, socket);
    const kept = new Set<string>();
    for (const listener of listeners) {
      const key = socketKeyOf(listener);
      kept.add(key);
      this.#live.get(key)?.follow(listener);
    }
    for (const [key, socket] of this.#live) {
      if (kept.has(key)) continue;
      this.#live.delete(key);
      socket.close(false);
    }
    this.#closing(committed);
  }

  /**
   * Closes what was bound for generation `id`.
   *
   * @param aborted resolves when the workers have closed that too
   */
  abort(id: number, aborted: Promise<unknown>): void {
    if (this.#plan?.id !== id) return;
    for (const socket of this.#plan.added.values()) socket.close(false);
    this.#plan = undefined;
    this.#closing(aborted);
  }

  /** Has a worker that prepared generation `id`, the live one, accept from its sockets. Rejects when that can't be. */
  async join(peer: SocketPeer, id: number): Promise<void> {
    const sockets = [...this.#live.values()].map((socket) => socket.grant());
    const bound = peer.ask({ kind: 'bind', generation: id, leaving: [], sockets }, BIND_LIMIT_MS);
    const joined = bound.then(() => {
      this.#peers = [...this.#peers.filter(({ index }) => index !== peer.index), peer];
    });
    const ended = joined.finally(() => this.#joins.delete(ended));
    this.#joins.add(ended);
    await ended;
  }

  /** The worker needs further descriptors of a socket. */
  need(worker: number, number: number, count: number): void {
    const handle = this.#all().find((socket) => socket.number === number)?.handle;
    for (let sent = 0; sent < Math.min(count, MOST_AT_ONCE); sent += 1)
      this.#options.hub.send(worker, number, handle);
  }

  /** A worker has ended, and its connections with it. */
  left(worker: number): void {
    for (const socket of this.#all()) socket.forget(worker);
  }

  /** A worker's event loop stands still, or turns again: the others do not wait for it to take its share. */
  setHung(worker: number, isHung: boolean): void {
    for (const socket of this.#all()) socket.setHung(worker, isHung);
  }

  /**
   * Closes all sockets.
   *
   * @param isReplaced whether another process goes on with them
   */
  close(isReplaced: boolean): void {
    for (const socket of this.#live.values()) socket.close(isReplaced);
    for (const socket of this.#plan?.added.values() ?? []) socket.close(false);
  }

  /** Those of the live generation, and those that the planned one adds. */
  #all(): readonly HeldSocket[] {
    return [...this.#live.values(), ...(this.#plan?.added.values() ?? [])];
  }

  /** Resolves with false when the address is only free once one of `leaving` is gone. */
  async #bind(socket: HeldSocket, leaving: readonly Address[]): Promise<boolean> {
    try {
      await socket.bind(() => this.#handedOver(socket));
      return true;
    } catch (error) {
      if (!(error instanceof BalanceError) || error.code !== 'address_in_use') throw error;
      if (leaving.some((address) => mayBlock({ address }, socket.address))) return false;
      const owner = [...this.#live.values()].find(({ bound }) => addressesCollide(bound, socket.address));
      if (owner === undefined) throw error;
      throw new BalanceError(
        'address_in_use',
        `${socket.what} can't bind ${formatAddress(socket.address)}: ${owner.what} stays at ${formatAddress(owner.bound)}`,
        { cause: error },
      );
    }
  }

  /** Another process accepts from the socket no more: the workers begin, if they know it already. */
  async #handedOver(socket: HeldSocket): Promise<void> {
    if (this.#live.get(socket.key) !== socket) return;
    await askAll(this.#peers, { kind: 'resume', address: socket.bound }, BIND_LIMIT_MS, isGone);
  }

  #closing(work: Promise<unknown>): void {
    const done = Promise.allSettled([this.#freed, work]).then(() => undefined);
    this.#freed = withTimeout(done, { limitMs: CLOSE_LIMIT_MS, expired: () => undefined });
  }

  #planned(id: number): Plan {
    if (this.#plan?.id !== id) throw new BalanceError('internal', `generation ${id} is not prepared`);
    return this.#plan;
  }

  #arriving(id: number, address: Address): HeldSocket | undefined {
    const wanted = formatAddress(address);
    return [...this.#planned(id).added.values()].find((socket) => formatAddress(socket.address) === wanted);
  }

  #boundAt(address: Address): HeldSocket | undefined {
    const wanted = formatAddress(address);
    return [...this.#live.values()].find(({ bound }) => formatAddress(bound) === wanted);
  }
}

/** A worker that has ended has no descriptor any more, and its replacement gets those that there are then. */
function isGone(error: unknown): boolean {
  return error instanceof BalanceError && error.code === 'worker_gone';
}

function isAway(error: unknown): boolean {
  return isGone(error) || (error instanceof BalanceError && error.code === 'worker_hung');
}

/** Rejects with the veto of the first one that refuses, when all have answered. */
async function askAll<Kind extends keyof WorkerQuestions>(
  peers: readonly SocketPeer[],
  ask: Ask<WorkerQuestions, Kind>,
  limitMs: number,
  isFine: (error: unknown) => boolean = () => false,
): Promise<void> {
  const answers = await Promise.allSettled(peers.map((peer) => peer.ask(ask, limitMs)));
  const refusals = answers.flatMap((answer, index): Refusal[] =>
    answer.status === 'fulfilled' || isFine(answer.reason)
      ? []
      : [{ worker: peers[index]?.number ?? 0, error: answer.reason }],
  );
  if (refusals.length > 0) throw veto(refusals, peers.length);
}
