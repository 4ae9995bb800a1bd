import type { LookUpCounts } from '../../readings/upstreams/host-name.ts';
import { AddressRotation } from './address-rotation.ts';
import type { DnsClient } from './sources/dns-client.ts';
import { LookUp, mergeFamilies, type LookUpQuestion, type LookUpResult } from './look-up.ts';
import type { ResolverSettings } from './resolver-settings.ts';
import type { StartWindow } from './start-window.ts';

/** Is called with the addresses of a host, in the order of the answer, or with the reason why there are none. */
export type Answered = (addresses: readonly string[], failure: string | undefined) => void;

/** Where the addresses of a name come from: `dns` from name servers, `local` from the hosts file or for `localhost`. */
export type AnswerSource = 'local' | 'dns';

/** One who holds a record. */
export interface NameHolder {
  /** The addresses have changed. */
  readonly changed: () => void;
  /** A look-up has ended, whatever it brought. */
  readonly ended?: (() => void) | undefined;
}

/** What a record needs of the resolver that it belongs to. */
export interface RecordContext {
  readonly settings: ResolverSettings;
  readonly client: DnsClient;
  readonly window: StartWindow;
  /** A random number in [0, 1). */
  readonly chance: () => number;
  /** Addresses that are known without name servers; undefined when name servers must be asked. */
  local(host: string): readonly string[] | undefined;
  namesOf(host: string): readonly string[];
  /** The record has changed; `before` is its state before the change. */
  changed(record: NameRecord, before: RecordView): void;
}

/** The public state of a record. Times in ms since 1970. */
export interface RecordView {
  readonly addresses: readonly string[];
  /** Undefined before the first answer. */
  readonly source: AnswerSource | undefined;
  /** Why the last look-up failed; undefined when it succeeded. */
  readonly failure: string | undefined;
}

/** Everything that is shown of a record. Times in ms since 1970. */
export interface NameState extends RecordView {
  readonly host: string;
  /** When the last answer came. */
  readonly answeredAtMs: number | undefined;
  /** Since when look-ups fail. */
  readonly failingSinceMs: number | undefined;
  /** The TTL of the last answer of a name server, within the limits of the settings. */
  readonly ttlMs: number | undefined;
  readonly counts: LookUpCounts;
}

/** A look-up without an answer within this time counts as failed. A later answer is still used. */
const ANSWER_LIMIT_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** A refresh begins earlier by a random share of its time, up to this one, so that those of many names do not come together. */
const JITTER = 0.1;
const ABSENT = 'the name does not exist or has no address';
const UNANSWERED = 'no name server has answered yet';

/**
 * One host name: its last good answer, and how the answer is kept up to date. A record that is held is refreshed in the background.
 * Any other record is refreshed when somebody asks for it after the answer has expired.
 */
export class NameRecord implements NameState {
  readonly host: string;
  readonly counts: Record<keyof LookUpCounts, number> = { found: 0, absent: 0, failed: 0 };
  addresses: readonly string[] = [];
  source: AnswerSource | undefined;
  failure: string | undefined;
  /** When the last answer came, in ms since 1970. */
  answeredAtMs: number | undefined;
  /** Since when look-ups fail, in ms since 1970. */
  failingSinceMs: number | undefined;
  /** The TTL of the last answer of a name server, within the limits of the settings. */
  ttlMs: number | undefined;
  readonly holders = new Set<NameHolder>();
  /** When somebody asked last, by `performance.now()`. */
  lastAskedMs = performance.now();
  readonly #surroundings: RecordContext;
  readonly #turns = new Map<number, AddressRotation>();
  readonly #waiting = new Set<Answered>();
  #found: Extract<LookUpResult, { kind: 'found' }> | undefined;
  #lookUp: LookUp | undefined;
  #isQueued = false;
  #isClosed = false;
  #expiresAtMs = 0;
  #endedAtMs = Number.NEGATIVE_INFINITY;
  #absentSinceMs: number | undefined;
  #failuresInARow = 0;
  #refresh: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(host: string, surroundings: RecordContext) {
    this.host = host;
    this.#surroundings = surroundings;
    this.#takeLocal();
  }

  /** @see HostNames.lookUp */
  ask(answered: Answered): () => void {
    this.lastAskedMs = performance.now();
    if (!this.#mustWait()) {
      answered(this.addresses, this.failure);
      return () => undefined;
    }
    this.#waiting.add(answered);
    this.#begin();
    return () => {
      this.#waiting.delete(answered);
    };
  }

  get isUnused(): boolean {
    return this.holders.size === 0 && this.#waiting.size === 0;
  }

  turns(port: number): AddressRotation {
    let turns = this.#turns.get(port);
    if (turns === undefined) {
      turns = new AddressRotation();
      this.#turns.set(port, turns);
    }
    return turns;
  }

  /** Keeps the record up to date from now on, and tells the holder. The returned function stops that. */
  hold(holder: NameHolder): () => void {
    this.holders.add(holder);
    if (this.source !== 'local' && !this.#isCurrent()) this.refreshSoon();
    else this.#schedule();
    return () => {
      this.holders.delete(holder);
      if (this.holders.size === 0) clearTimeout(this.#refresh);
    };
  }

  /** The hosts file has changed. */
  hostsChanged(): void {
    const wasLocal = this.source === 'local';
    if (this.#takeLocal() || !wasLocal) return;
    // The file does not have the name any more. Its last addresses stay in use until name servers have answered.
    this.source = 'dns';
    this.#expiresAtMs = 0;
    this.refreshSoon();
  }

  /** The name servers or the names to ask for have changed: a running look-up is started again. */
  serversChanged(): void {
    if (this.source === 'local') return;
    this.#stopLookUp();
    this.#failuresInARow = 0;
    if (this.#waiting.size > 0) this.#begin();
    else if (this.holders.size > 0) this.refreshSoon();
    else this.#expiresAtMs = 0;
  }

  /** Looks the name up soon: many refreshes begin a few at a time. */
  refreshSoon(): void {
    if (this.#isQueued || this.#lookUp !== undefined) return;
    this.#isQueued = true;
    this.#surroundings.window.enter(() => {
      // Not if a look-up has begun meanwhile, because somebody asked for the name.
      if (this.#isQueued && !this.isUnused) this.#begin();
      this.#isQueued = false;
    });
  }

  /** Ends the record: all callers that wait are answered with `reason`. */
  close(reason: string): void {
    this.#isClosed = true;
    this.#stopLookUp();
    clearTimeout(this.#refresh);
    this.failure = reason;
    this.#tellWaiting();
  }

  /** Whether a caller must wait for a look-up. Begins one when that could bring something new. */
  #mustWait(): boolean {
    if (this.#isClosed || this.source === 'local') return false;
    const isKnown = this.addresses.length > 0 || this.failure !== undefined;
    if (this.holders.size === 0) return !isKnown || !this.#isCurrent();
    // A failing name that is asked for is looked up more often than a failing name that nobody asks for.
    if (this.failure !== undefined && performance.now() - this.#endedAtMs > FIRST_RETRY_MS) this.#begin();
    return !isKnown;
  }

  #isCurrent(): boolean {
    return performance.now() < this.#expiresAtMs;
  }

  #begin(): void {
    if (this.#lookUp !== undefined || this.#isClosed || this.source === 'local') return;
    this.#isQueued = false;
    clearTimeout(this.#refresh);
    const { client } = this.#surroundings;
    const names = this.#surroundings.namesOf(this.host);
    const question: LookUpQuestion = { names, knownName: this.#found?.name };
    this.#patience = setTimeout(() => {
      this.#failed(UNANSWERED);
    }, ANSWER_LIMIT_MS).unref();
    this.#lookUp = new LookUp(client, question, (result, isLast) => {
      if (isLast) this.#stopLookUp();
      this.#take(result, isLast);
    });
  }

  #stopLookUp(): void {
    clearTimeout(this.#patience);
    this.#lookUp?.close();
    this.#lookUp = undefined;
  }

  #take(result: LookUpResult, isLast: boolean): void {
    clearTimeout(this.#patience);
    if (isLast) this.counts[result.kind] += 1;
    if (result.kind === 'found') this.#takeFound(result);
    else if (result.kind === 'absent') this.#takeAbsent();
    else this.#failed(result.reason);
  }

  #takeFound(result: Extract<LookUpResult, { kind: 'found' }>): void {
    const { minTtlMs, maxTtlMs } = this.#surroundings.settings;
    this.#found = mergeFamilies(this.#found, result);
    this.ttlMs = Math.min(Math.max(result.ttlMs, minTtlMs), maxTtlMs);
    this.#set([...(this.#found.ipv4 ?? [])], [...(this.#found.ipv6 ?? [])], 'dns', this.ttlMs);
  }

  #takeLocal(): boolean {
    const local = this.#surroundings.local(this.host);
    if (local === undefined) return false;
    this.#stopLookUp();
    this.#found = undefined;
    this.ttlMs = undefined;
    this.#set([...local], [], 'local', Number.POSITIVE_INFINITY);
    return true;
  }

  #takeAbsent(): void {
    const nowMs = performance.now();
    this.#absentSinceMs ??= nowMs;
    if (nowMs - this.#absentSinceMs < this.#surroundings.settings.holdMs) {
      this.#failed(ABSENT);
      return;
    }
    this.#found = undefined;
    this.#failed(ABSENT, this.addresses.length === 0 ? this.addresses : []);
  }

  /** The look-up failed. The known addresses stay, unless `addresses` gives others. */
  #failed(reason: string, addresses = this.addresses): void {
    if (this.#isClosed) return;
    const before = this.#view();
    if (reason !== UNANSWERED) this.#failuresInARow += 1;
    if (reason !== ABSENT && reason !== UNANSWERED) this.#absentSinceMs = undefined;
    this.failure = reason;
    this.failingSinceMs ??= Date.now();
    this.addresses = addresses;
    this.#ended(this.#retryInMs(), before);
  }

  #set(first: readonly string[], second: readonly string[], source: AnswerSource, forMs: number): void {
    const before = this.#view();
    const addresses = interleaved(first, second);
    // Servers change the order of the addresses with each answer: that is no change.
    if (!isSameSet(addresses, this.addresses)) this.addresses = addresses;
    this.source = source;
    this.failure = undefined;
    this.failingSinceMs = undefined;
    this.#absentSinceMs = undefined;
    this.#failuresInARow = 0;
    this.answeredAtMs = Date.now();
    this.#ended(forMs, before);
  }

  /** A look-up has ended: its outcome counts for `forMs`. */
  #ended(forMs: number, before: RecordView): void {
    const nowMs = performance.now();
    this.#endedAtMs = nowMs;
    this.#expiresAtMs = nowMs + forMs;
    if (this.addresses !== before.addresses)
      for (const turns of this.#turns.values()) turns.keep(this.addresses);
    this.#schedule();
    this.#surroundings.changed(this, before);
    this.#tellWaiting();
    const isOther = this.addresses !== before.addresses;
    for (const { changed, ended } of [...this.holders]) {
      if (isOther) changed();
      ended?.();
    }
  }

  #schedule(): void {
    clearTimeout(this.#refresh);
    if (this.holders.size === 0 || this.#expiresAtMs === Number.POSITIVE_INFINITY) return;
    const delayMs = (this.#expiresAtMs - performance.now()) * (1 - JITTER * this.#surroundings.chance());
    this.#refresh = setTimeout(
      () => {
        this.refreshSoon();
      },
      Math.max(0, delayMs),
    ).unref();
  }

  #retryInMs(): number {
    const backoffMs = Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, this.#failuresInARow - 1), LAST_RETRY_MS);
    if (this.#absentSinceMs === undefined || this.addresses.length === 0) return backoffMs;
    const heldForMs = this.#surroundings.settings.holdMs - (performance.now() - this.#absentSinceMs);
    return Math.max(Math.min(backoffMs, heldForMs), FIRST_RETRY_MS);
  }

  #tellWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const answered of waiting) answered(this.addresses, this.failure);
  }

  #view(): RecordView {
    const { addresses, source, failure } = this;
    return { addresses, source, failure };
  }
}

/** The addresses of both families in turn, so that a family that does not work costs at most one attempt. */
function interleaved(first: readonly string[], second: readonly string[]): readonly string[] {
  const all: string[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    for (const family of [first, second]) {
      const address = family[index];
      if (address !== undefined && !all.includes(address)) all.push(address);
    }
  }
  return all;
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((address) => others.includes(address));
}
