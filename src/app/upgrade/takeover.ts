import { closeSync, readFile } from 'node:fs';
import { promisify } from 'node:util';

import { addressKey, parseAddress, type Address } from '../../config/values/address.ts';
import { BalanceError, messageOf } from '../../errors.ts';
import type {
  InheritedSocket,
  OfferedSocket,
  SocketInheritance,
} from '../../net/listen/bind/socket-inheritance.ts';
import { removeSocketFile } from '../../net/node/socket-file.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import {
  kindOf,
  MESSAGES_VERSION,
  OFFER_DESCRIPTOR,
  TAKEOVER,
  type FromNew,
  type FromOld,
  type Offer,
} from './upgrade-messages.ts';

/** The old version sends its offer right after it started this process. */
const OFFER_LIMIT_MS = 10_000;

const readDescriptor = promisify(readFile);

/** The part of `process` by which the version before talks to this one. */
export interface ParentChannel {
  readonly pid: number;
  readonly version: string;
  readonly connected: boolean;
  send?(message: FromNew, sent: (error: Error | null) => void): boolean;
  on(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown;
  disconnect(): void;
}

/** What the version before says. Each message comes once at most. */
class Predecessor {
  /** Resolves when this process may serve: the version before says so, or it has ended, and nobody else does. */
  readonly go: Promise<void>;
  /** Rejects when the version before takes the upgrade back. */
  readonly cancelled: Promise<never>;

  constructor(channel: ParentChannel) {
    const gone = new Promise<void>((resolve) => {
      if (!channel.connected) resolve();
      channel.on('disconnect', () => {
        resolve();
      });
    });
    const cancel = message(channel, 'cancel') as Promise<Extract<FromOld, { kind: 'cancel' }>>;
    this.cancelled = cancel.then(({ reason }) => {
      throw new BalanceError(
        'shutdown',
        `the version before took the upgrade back, so this one does not start: ${reason}`,
      );
    });
    this.cancelled.catch(() => undefined);
    this.go = Promise.race([message(channel, 'go'), gone]).then(() => undefined);
  }
}

function message(channel: ParentChannel, kind: FromOld['kind']): Promise<FromOld> {
  return new Promise((resolve) => {
    channel.on('message', (said) => {
      if (kindOf(said) === kind) resolve(said as FromOld);
    });
  });
}

async function readOffer(): Promise<Offer> {
  const text = await readDescriptor(OFFER_DESCRIPTOR, 'utf8');
  closeSync(OFFER_DESCRIPTOR);
  if (text === '')
    throw new BalanceError('internal', 'the version before ended before it said which sockets to take over');
  return JSON.parse(text) as Offer;
}

/** The new side of an upgrade: takes the listening sockets of the version before over. */
export class Takeover implements SocketInheritance {
  readonly offer: Offer;
  readonly #channel: ParentChannel;
  readonly #before: Predecessor;
  readonly #unclaimed: Set<OfferedSocket>;
  /** What begins to accept. */
  readonly #begins: (() => Promise<void> | void)[] = [];

  private constructor(channel: ParentChannel, offer: Offer, before: Predecessor) {
    this.#channel = channel;
    this.offer = offer;
    this.#before = before;
    this.#unclaimed = new Set(offer.sockets);
  }

  /**
   * Resolves with the take-over that the environment asks for; undefined when this process was not started to take over.
   *
   * @throws BalanceError when the version before does not say what to take over
   */
  static async join(channel: ParentChannel, env: NodeJS.ProcessEnv): Promise<Takeover | undefined> {
    const version = env[TAKEOVER];
    // Processes that this one starts must not take it for theirs.
    Reflect.deleteProperty(env, TAKEOVER);
    if (version === undefined || channel.send === undefined) return undefined;
    if (version !== MESSAGES_VERSION)
      throw new BalanceError(
        'internal',
        `the version before speaks version ${version} of the upgrade messages`,
      );
    const before = new Predecessor(channel);
    const offer = await withTimeout(readOffer(), {
      limitMs: OFFER_LIMIT_MS,
      expired: () => {
        throw new BalanceError('internal', 'the version before does not say which sockets to take over');
      },
    });
    return new Takeover(channel, offer, before);
  }

  claim(address: Address, what: string): InheritedSocket | undefined {
    const wanted = addressKey(address);
    // Port 0 is any port: only the name says which one.
    const isAny = address.kind === 'tcp' && address.port === 0;
    for (const socket of this.#unclaimed) {
      const isSame = socket.address === wanted ? !isAny || socket.what === what : socket.bound === wanted;
      if (!isSame) continue;
      this.#unclaimed.delete(socket);
      const { fd, bound, ownsPath } = socket;
      return { fd, bound: boundAt(bound), ownsPath };
    }
    return undefined;
  }

  whenHandedOver(begin: () => Promise<void> | void): Promise<void> {
    this.#begins.push(begin);
    return Promise.resolve();
  }

  /**
   * Says that this process can serve; when the version before says go, begins to. Resolves once this process serves. If the version
   * before has ended without a word, its sockets still listen, and this process serves at once.
   *
   * @throws BalanceError when the version before has taken the upgrade back
   */
  async serve(version: string): Promise<void> {
    const { pid, version: node } = this.#channel;
    void this.#say({ kind: 'ready', version, node, pid });
    await Promise.race([this.#before.go, this.#before.cancelled]);
    await Promise.all(this.#begins.map(async (begin) => begin()));
    await this.#say({ kind: 'serving' });
    this.#closeUnclaimed();
    if (this.#channel.connected) this.#channel.disconnect();
  }

  /** Says why this process does not take over. Resolves with whether that was sent. */
  fail(thrown: unknown): Promise<boolean> {
    return this.#say({ kind: 'failed', reason: messageOf(thrown) });
  }

  /** Sockets that this config does not have any more. */
  #closeUnclaimed(): void {
    for (const { fd, bound, ownsPath } of this.#unclaimed) {
      closeSync(fd);
      const address = boundAt(bound);
      if (ownsPath && address.kind === 'unix') removeSocketFile(address.path);
    }
    this.#unclaimed.clear();
  }

  #say(said: FromNew): Promise<boolean> {
    const channel = this.#channel;
    if (!channel.connected || channel.send === undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      channel.send?.(said, (error) => {
        resolve(error === null);
      });
    });
  }
}

function boundAt(text: string): Address {
  // An abstract name is no address of a config.
  return text.startsWith('unix:\0') ? { kind: 'unix', path: text.slice('unix:'.length) } : parseAddress(text);
}
