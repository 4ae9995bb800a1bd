import { formatAddress, type Address } from '../../config/values/address.ts';
import { BalanceError } from '../../errors.ts';
import type { Endpoint } from '../../plugin-api/index.ts';
import type { Wakes } from '../../shared/wakes.ts';
import { AcceptBursts } from '../listen/sockets/accept-bursts.ts';
import { acceptCallback } from '../listen/sockets/accepted-transport.ts';
import { BACKLOG, localEndAt, portOf } from '../listen/sockets/listening-place.ts';
import type { Acceptor, ListeningSocketOptions, OpenedSocket } from '../listen/sockets/socket-opener.ts';
import { pauseAccepts } from '../node/descriptors/accept-pause.ts';
import { setKeepAlive } from '../node/keep-alive.ts';
import { socketWithHandle, systemError, type ListeningHandle } from '../node/node-internals.ts';
import { AcceptShare } from './accept-share.ts';
import type { GrantedSocket } from './granted-socket.ts';
import { ShareWords } from './share-words.ts';

/** How long a descriptor may take to come from the main thread. */
const ARRIVAL_LIMIT_MS = 5_000;

/** What a shared socket asks of its worker. */
export interface SharedSocketOwner {
  /** This worker, from 0. */
  readonly worker: number;
  readonly wakes: Wakes;
  /** The socket that the main thread has bound for a listener; undefined when it has not. */
  find(name: string, address: Address): GrantedSocket | undefined;
  /** Asks for a descriptor. `take` is called in a later turn, with undefined when there is none. */
  ask(socket: number, take: (handle: ListeningHandle | undefined) => void): void;
}

/** The topic of {@link Wakes} of a socket. Those from 0 up are for other things. */
function topicOf(socket: number): number {
  return -1 - socket;
}

/** A listening socket from which other workers accept too. The main thread has bound it; this worker has descriptors of its own. */
export class SharedSocket implements OpenedSocket {
  readonly #options: ListeningSocketOptions;
  readonly #acceptor: Acceptor;
  readonly #owner: SharedSocketOwner;
  #keepAliveMs: number;
  #granted: GrantedSocket | undefined;
  #share: AcceptShare | undefined;
  #handle: ListeningHandle | undefined;
  #bursts: AcceptBursts | undefined;
  #stopWakes: (() => void) | undefined;
  /** First descriptors that were asked for and have not come: they would keep the address bound. */
  #asked = 0;
  #whenNoneIsAsked: (() => void) | undefined;
  /** Grows whenever the socket stops listening: a descriptor that was asked for before comes too late. */
  #stops = 0;
  #isClosed = false;

  constructor(options: ListeningSocketOptions, acceptor: Acceptor, owner: SharedSocketOwner) {
    this.#options = options;
    this.#acceptor = acceptor;
    this.#owner = owner;
    this.#keepAliveMs = options.keepAliveMs ?? 0;
  }

  async listen(name: string): Promise<void> {
    const granted = this.#owner.find(name, this.#options.address);
    if (granted === undefined)
      throw new BalanceError(
        'address_in_use',
        `listener ${name} can't listen at ${formatAddress(this.#options.address)} yet`,
      );
    const words = new ShareWords(granted.words, this.#owner.worker);
    this.#granted = granted;
    this.#share = new AcceptShare(words, {
      pause: () => {
        if (this.#handle !== undefined) pauseAccepts(this.#handle);
        this.#bursts?.pause();
      },
      resume: () => {
        this.#handle?.listen(BACKLOG);
        this.#bursts?.resume();
      },
      wake: (worker) => {
        this.#owner.wakes.wake(worker, topicOf(granted.socket));
      },
      later: callLater,
      afterPoll: setImmediate,
      nowMs: () => performance.now(),
    });
    if (!granted.isLater) await this.#open(granted, this.#share, `listener ${name}`);
  }

  get bound(): Address {
    return this.#granted?.bound ?? this.#options.address;
  }

  get localEnd(): Endpoint | undefined {
    return this.#granted === undefined ? undefined : localEndAt(this.#granted.bound);
  }

  get port(): number {
    return portOf(this.bound);
  }

  get descriptors(): number {
    return this.#bursts?.descriptors ?? 1;
  }

  get rests(): number {
    return this.#share?.rests ?? 0;
  }

  setKeepAlive(afterMs: number): void {
    if (afterMs === this.#keepAliveMs) return;
    this.#keepAliveMs = afterMs;
    if (this.#handle !== undefined) setKeepAlive(this.#handle, afterMs);
  }

  /** The main thread does that, once for all workers. */
  setSocketMode(): void {}

  noteAccept(): void {
    this.#bursts?.noteAccept();
  }

  noteEnd(): void {
    this.#share?.ended();
  }

  yieldDescriptors(): void {
    this.#bursts?.yieldDescriptors();
  }

  suspend(): Promise<void> | undefined {
    this.#stops += 1;
    this.#share?.stop();
    this.#stopWakes?.();
    this.#stopWakes = undefined;
    this.#handle?.close();
    this.#handle = undefined;
    const freed = this.#bursts?.close();
    this.#bursts = undefined;
    return this.#asked === 0 ? freed : this.#untilNoneIsAsked(freed);
  }

  async resume(): Promise<void> {
    if (this.#isClosed || this.#handle !== undefined) return;
    if (this.#granted === undefined || this.#share === undefined) return;
    await this.#open(this.#granted, this.#share, formatAddress(this.#granted.bound));
  }

  close(): Promise<void> | undefined {
    this.#isClosed = true;
    return this.suspend();
  }

  /** The main thread offers it. */
  offer(): undefined {
    return undefined;
  }

  async #untilNoneIsAsked(freed: Promise<void> | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#whenNoneIsAsked = resolve;
    });
    await freed;
  }

  /** Rejects when no descriptor comes, or when the system does not let it listen. */
  async #open(granted: GrantedSocket, share: AcceptShare, what: string): Promise<void> {
    const handle = await this.#descriptor(granted.socket);
    if (handle === undefined) throw new BalanceError('internal', `the descriptor of ${what} did not arrive`);
    if (this.#handle !== undefined) {
      handle.close();
      return;
    }
    const status = this.#listen(handle, share);
    if (status !== 0) {
      handle.close();
      throw systemError('listen', status);
    }
    this.#handle = handle;
    this.#bursts = new AcceptBursts({
      listening: handle,
      backlog: BACKLOG,
      copies: {
        isOpen: true,
        copy: (_, take) => {
          this.#owner.ask(granted.socket, take);
        },
      },
      resources: this.#options.resources,
      threads: new ShareWords(granted.words, this.#owner.worker).workers,
    });
    this.#stopWakes = this.#owner.wakes.on(topicOf(granted.socket), () => {
      share.woken();
    });
    share.begin();
  }

  #listen(handle: ListeningHandle, share: AcceptShare): number {
    const acceptor = this.#acceptor;
    handle.onconnection = acceptCallback(
      handle,
      {
        backlog: BACKLOG,
        keepAliveMs: () => this.#keepAliveMs,
        accept: (accepted) => {
          share.accepted();
          acceptor.acceptHandle(accepted);
        },
      },
      (error, accepted) => {
        if (error || typeof accepted !== 'object' || accepted === null) {
          acceptor.acceptFailed(systemError('accept', error ?? 'EINVAL'));
          return;
        }
        share.accepted();
        acceptor.acceptSocket(socketWithHandle(accepted));
      },
    );
    handle.unref();
    return handle.listen(BACKLOG);
  }

  /** Resolves with undefined when none comes in time, or before the socket stops listening. One that comes late is closed. */
  #descriptor(socket: number): Promise<ListeningHandle | undefined> {
    return new Promise((resolve) => {
      const stops = this.#stops;
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        resolve(undefined);
      }, ARRIVAL_LIMIT_MS);
      this.#asked += 1;
      this.#owner.ask(socket, (handle) => {
        clearTimeout(timer);
        this.#asked -= 1;
        isLate ||= stops !== this.#stops;
        if (isLate) handle?.close();
        resolve(isLate ? undefined : handle);
        if (this.#asked === 0) this.#whenNoneIsAsked?.();
      });
    });
  }
}

function callLater(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms).unref();
  return () => {
    clearTimeout(timer);
  };
}
