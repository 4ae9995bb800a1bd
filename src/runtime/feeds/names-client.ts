import { isIpAddress } from '../../config/values/address.ts';
import { messageOf } from '../../errors.ts';
import { AddressRotation } from '../../net/dns/address-rotation.ts';
import type { HeldName, HostNames } from '../../net/dns/host-names.ts';
import type { Answered, NameState } from '../../net/dns/name-record.ts';
import type { LookUpCounts } from '../../readings/upstreams/host-name.ts';
import type { LookedUp } from './feed-messages.ts';
import type { WatchOutbox } from './watch-outbox.ts';

/** A failing name that is asked for is asked of the supervisor again after so long. It looks failing names up more often when asked. */
const ASK_AGAIN_MS = 1_000;

/** A host name that this worker holds, as the supervisor told it last. Who holds it keeps the object. */
class ToldName implements NameState {
  readonly host: string;
  addresses: readonly string[] = [];
  source: NameState['source'];
  failure: string | undefined;
  answeredAtMs: number | undefined;
  failingSinceMs: number | undefined;
  ttlMs: number | undefined;
  counts: LookUpCounts = { found: 0, absent: 0, failed: 0 };
  readonly id: number;
  readonly holders = new Set<{ readonly changed: () => void }>();
  readonly turns = new Map<number, AddressRotation>();
  askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(id: number, host: string) {
    this.id = id;
    this.host = host;
  }

  /** Returns whether the addresses have changed. */
  take(state: NameState): boolean {
    const isOther = !isSame(this.addresses, state.addresses);
    if (isOther) this.addresses = state.addresses;
    this.source = state.source;
    this.failure = state.failure;
    this.answeredAtMs = state.answeredAtMs;
    this.failingSinceMs = state.failingSinceMs;
    this.ttlMs = state.ttlMs;
    this.counts = state.counts;
    return isOther;
  }
}

/** The addresses of host names, in a worker: the supervisor looks them up, once for all workers. Which address comes first is each worker's own turn. */
export class NamesClient implements HostNames {
  readonly #outbox: WatchOutbox;
  readonly #ask: (host: string) => Promise<LookedUp>;
  readonly #held = new Map<string, ToldName>();
  readonly #byId = new Map<number, ToldName>();
  /** Those who wait for the first answer, by the name that they asked for. */
  readonly #waiting = new Map<string, Set<Answered>>();

  /** @param ask has the supervisor look up a name that nobody watches, or that fails */
  constructor(outbox: WatchOutbox, ask: (host: string) => Promise<LookedUp>) {
    this.#outbox = outbox;
    this.#ask = ask;
  }

  lookUp(host: string, answered: Answered): () => void {
    if (isIpAddress(host)) {
      answered([host], undefined);
      return () => undefined;
    }
    const name = host.toLowerCase();
    const held = this.#held.get(name);
    if (held !== undefined && isKnown(held)) {
      const { addresses, failure } = held;
      if (failure !== undefined) this.#askAgain(name, held);
      answered(addresses, failure);
      return () => undefined;
    }
    return this.#wait(name, answered);
  }

  turns(host: string, port: number): AddressRotation {
    const held = this.#held.get(host.toLowerCase());
    const turns = held?.turns.get(port) ?? new AddressRotation();
    held?.turns.set(port, turns);
    return turns;
  }

  hold(host: string, changed: () => void): HeldName {
    const name = host.toLowerCase();
    let held = this.#held.get(name);
    if (held === undefined) {
      held = new ToldName(this.#outbox.watchName(name), name);
      this.#held.set(name, held);
      this.#byId.set(held.id, held);
    }
    const { id, holders } = held;
    const holder = { changed };
    holders.add(holder);
    return {
      record: held,
      release: () => {
        if (!holders.delete(holder) || holders.size > 0) return;
        this.#held.delete(name);
        this.#byId.delete(id);
        this.#outbox.end(id);
      },
    };
  }

  /** The supervisor shows the names: they are the same for all workers. */
  records(): readonly NameState[] {
    return [];
  }

  /** The supervisor told the state of a watch. It may have ended meanwhile. */
  take(id: number, state: NameState): void {
    const held = this.#byId.get(id);
    if (held === undefined) return;
    const isOther = held.take(state);
    if (isKnown(state)) this.#tellWaiting(state.host, state);
    if (!isOther) return;
    for (const turns of held.turns.values()) turns.keep(held.addresses);
    for (const { changed } of [...held.holders]) changed();
  }

  #wait(name: string, answered: Answered): () => void {
    let waiting = this.#waiting.get(name);
    if (waiting === undefined) {
      waiting = new Set();
      this.#waiting.set(name, waiting);
      void this.#answer(name);
    }
    // The same function may wait twice.
    const own: Answered = (addresses, failure) => {
      answered(addresses, failure);
    };
    waiting.add(own);
    return () => {
      waiting.delete(own);
    };
  }

  async #answer(name: string): Promise<void> {
    let answer: LookedUp;
    try {
      answer = await this.#ask(name);
    } catch (error) {
      answer = { addresses: [], failure: messageOf(error) };
    }
    this.#tellWaiting(name, answer);
  }

  #tellWaiting(name: string, { addresses, failure }: LookedUp): void {
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    for (const answered of [...(waiting ?? [])]) answered(addresses, failure);
  }

  #askAgain(name: string, held: ToldName): void {
    const nowMs = performance.now();
    if (nowMs - held.askedAtMs < ASK_AGAIN_MS) return;
    held.askedAtMs = nowMs;
    // What it finds comes as a new state of the watch.
    this.#ask(name).catch(() => undefined);
  }
}

function isKnown({ addresses, failure }: LookedUp): boolean {
  return addresses.length > 0 || failure !== undefined;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((address, index) => address === others[index]);
}
