import type { LeaseStickiness } from '../../plugin-api/index.ts';
import { hashText } from '../balancer/hashing/hash-text.ts';
import type { SessionMember, Sessions } from './sessions.ts';
import type { HashedClient, SessionTable } from './session-table.ts';

const NEW: LeaseStickiness = { outcome: 'new', newSession: undefined };
const MOVED: LeaseStickiness = { outcome: 'moved', newSession: undefined };
const BACKEND_SEED = 0x2c1b3c6d;
const SECOND_MS = 1_000;
const NS_A_MS = 1_000_000n;

export interface TableRules {
  /** A client that was away for longer is forgotten, in s. */
  readonly ttlSeconds: number;
  /** What of a client's value counts. */
  readonly nameOf: (value: string) => string;
}

/** Sessions that are remembered in a table, by what is known of a client: its address, or a field of its requests. */
export class TableSessions<M extends SessionMember> implements Sessions<M> {
  readonly table: SessionTable;
  readonly #rules: TableRules;
  readonly #now: () => number;
  /** By hash of their names. */
  #members: ReadonlyMap<number, M> = new Map();
  readonly #isKnown = (hash: number): boolean => this.#members.has(hash);

  /** @param now in s, the same in all threads. Default: a clock of the system */
  constructor(table: SessionTable, rules: TableRules, now = systemSeconds()) {
    this.table = table;
    this.#rules = rules;
    this.#now = now;
  }

  follow(members: readonly M[]): void {
    this.#members = new Map(members.map((member) => [hashOf(member), member]));
  }

  memberOf(value: string, isUse: boolean): M | undefined {
    const { ttlSeconds } = this.#rules;
    const hash = this.table.find(this.#hashed(value), this.#isKnown, this.#now(), ttlSeconds, isUse);
    const member = hash === undefined ? undefined : this.#members.get(hash);
    return member?.takesSessions === true ? member : undefined;
  }

  assign(value: string | undefined, member: M): LeaseStickiness | undefined {
    if (value === undefined) return undefined;
    const { ttlSeconds } = this.#rules;
    const client = this.#hashed(value);
    const now = this.#now();
    const isKnown = this.table.find(client, this.#isKnown, now, ttlSeconds, false) !== undefined;
    this.table.keep(client, hashOf(member), this.#isKnown, now, ttlSeconds);
    return isKnown ? MOVED : NEW;
  }

  #hashed(value: string): HashedClient {
    const name = this.#rules.nameOf(value);
    return { first: hashText(name, this.table.firstSeed), second: hashText(name, this.table.secondSeed) };
  }
}

function hashOf({ id }: SessionMember): number {
  return hashText(id, BACKEND_SEED) | 0;
}

/** The clock of the system that never goes back: all threads read the same one. */
function systemSeconds(): () => number {
  const offsetMs = Number(process.hrtime.bigint() / NS_A_MS) - performance.now();
  return () => Math.floor((performance.now() + offsetMs) / SECOND_MS);
}
