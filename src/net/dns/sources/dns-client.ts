import { Resolver, type RecordWithTtl } from 'node:dns';
import { closeSync, openSync } from 'node:fs';
import { isIP } from 'node:net';

import { shortageOf, systemCodeOf } from '../../../errors.ts';

/** An address family: 4 asks for A records, 6 for AAAA records. */
export type Family = 4 | 6;

/** The reason when no name server was asked because this process had no descriptor: no name server is to blame. */
export const NOTHING_TO_ASK_WITH = 'no file descriptor is left to ask with';

/** The answer of the name servers for one full name and one family. */
export type FamilyAnswer =
  | { readonly kind: 'found'; readonly addresses: readonly string[]; readonly ttlMs: number }
  /** The name does not exist, or has no address of that family. */
  | { readonly kind: 'absent' }
  /** No server gave an answer that counts: this says nothing about the name. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** True when no server answers at all, so that asking for another name is useless. */
      readonly silent: boolean;
    };

/** Asks name servers. */
export interface DnsClient {
  /** Asks for the addresses of a name. `answered` is called once, after this has returned; after `close` it is never called. */
  ask(name: string, family: Family, answered: (answer: FamilyAnswer) => void): void;
  /** Ends all questions that have no answer yet. */
  close(): void;
}

export interface DnsClientSettings {
  /** IP addresses, with a port where it is not 53: `10.0.0.2`, `10.0.0.2:5353`, `[2001:db8::1]:5353`. */
  readonly servers: readonly string[];
  /** How long one server may take to answer before the next one is asked. */
  readonly timeoutMs: number;
  /** How often the list of servers is gone through. */
  readonly attempts: number;
  /** Whether each question begins with another server. */
  readonly rotate: boolean;
}

/** At most so many addresses of each family are used. One backend needs no more, and a hostile server could send thousands. */
const MAX_ADDRESSES = 128;
const FAILURES: Readonly<Record<string, string>> = {
  ETIMEOUT: 'no name server answered in time',
  ECONNREFUSED: 'no name server is reachable',
  ESERVFAIL: 'the name server failed (SERVFAIL)',
  EREFUSED: 'the name server refused to answer (REFUSED)',
  ENOTIMP: 'the name server can not answer this (NOTIMP)',
  EFORMERR: 'the name server did not understand the question (FORMERR)',
  EBADRESP: 'the answer of the name server is broken',
};

/**
 * Asks over c-ares, which opens its own sockets. Unlike `dns.lookup` it uses no thread of Node's pool, so a silent server delays nothing
 * but the question itself. A question is repeated over TCP when its answer does not fit into a datagram.
 */
export class CaresClient implements DnsClient {
  readonly #resolvers: readonly Resolver[];
  #turn = 0;
  #closed = false;

  readonly #lacksDescriptors: () => boolean;

  /** @param lacks whether the process can open no more descriptors. Default: tries to open one */
  constructor({ servers, timeoutMs, attempts, rotate }: DnsClientSettings, lacks = lacksDescriptors) {
    this.#lacksDescriptors = lacks;
    const orders = rotate
      ? servers.map((_, first) => [...servers.slice(first), ...servers.slice(0, first)])
      : [servers];
    this.#resolvers = orders.map((order) => {
      const resolver = new Resolver({ timeout: timeoutMs, tries: attempts });
      resolver.setServers(order.map(withBrackets));
      return resolver;
    });
  }

  ask(name: string, family: Family, answered: (answer: FamilyAnswer) => void): void {
    const resolver = this.#resolvers[this.#turn++ % this.#resolvers.length];
    const done = (error: Error | null, records: readonly RecordWithTtl[] | undefined): void => {
      if (!this.#closed) answered(error === null ? answerOf(records ?? []) : this.#failureOf(error));
    };
    if (family === 4) resolver?.resolve4(name, { ttl: true }, done);
    else resolver?.resolve6(name, { ttl: true }, done);
  }

  #failureOf(error: Error): FamilyAnswer {
    // c-ares reports ECONNREFUSED also when it could not open a socket. Then no server is to blame.
    if (systemCodeOf(error) === 'ECONNREFUSED' && this.#lacksDescriptors())
      return { kind: 'failed', reason: NOTHING_TO_ASK_WITH, silent: true };
    return failureOf(error);
  }

  close(): void {
    this.#closed = true;
    for (const resolver of this.#resolvers) resolver.cancel();
  }
}

function answerOf(records: readonly RecordWithTtl[]): FamilyAnswer {
  if (records.length === 0) return { kind: 'absent' };
  return {
    kind: 'found',
    addresses: records.slice(0, MAX_ADDRESSES).map(({ address }) => address),
    ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000,
  };
}

function failureOf(error: Error): FamilyAnswer {
  const code = systemCodeOf(error);
  // EBADNAME: the name is not valid, for example because a label has 64 bytes. It has no address either.
  if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EBADNAME') return { kind: 'absent' };
  return {
    kind: 'failed',
    reason: FAILURES[code] ?? `looking the name up failed (${code || error.message})`,
    silent: code === 'ETIMEOUT' || code === 'ECONNREFUSED',
  };
}

function lacksDescriptors(): boolean {
  try {
    closeSync(openSync('/', 'r'));
    return false;
  } catch (error) {
    return shortageOf(error) !== '';
  }
}

/** c-ares takes a bare IPv6 address only in brackets when a port follows; `::1` alone stays as it is. */
function withBrackets(server: string): string {
  return isIP(server) === 6 ? `[${server}]` : server;
}
