import type { LeaseStickiness } from '../../plugin-api/index.ts';
import type { SessionMember, Sessions } from './sessions.ts';
import type { SessionTokens } from './session-tokens.ts';

/** Members, and the tokens by which clients name them. */
interface NamedMembers<M> {
  readonly members: readonly M[];
  readonly byToken: ReadonlyMap<string, M>;
  /** By the names of members. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** Sessions whose clients say by a cookie where they belong: nothing is remembered here. */
export class CookieSessions<M extends SessionMember> implements Sessions<M> {
  readonly #tokens: Pick<SessionTokens, 'of'>;
  #live: NamedMembers<M> = { members: [], byToken: new Map(), tokens: new Map() };
  #prepared: NamedMembers<M> | undefined;

  constructor(tokens: Pick<SessionTokens, 'of'>) {
    this.#tokens = tokens;
  }

  /** Each new token costs some µs: those of many members at once would hold up traffic. */
  *prepare(members: readonly M[]): Generator<undefined, void> {
    const byToken = new Map<string, M>();
    const tokens = new Map<string, string>();
    for (const member of members) {
      const token = this.#live.tokens.get(member.id) ?? this.#tokens.of(member.id);
      byToken.set(token, member);
      tokens.set(member.id, token);
      yield;
    }
    this.#prepared = { members, byToken, tokens };
  }

  follow(members: readonly M[]): void {
    if (this.#prepared?.members !== members) Array.from(this.prepare(members));
    this.#live = this.#prepared ?? this.#live;
    this.#prepared = undefined;
  }

  memberOf(value: string): M | undefined {
    const member = this.#live.byToken.get(value);
    return member?.takesSessions === true ? member : undefined;
  }

  assign(value: string | undefined, member: M): LeaseStickiness {
    return { outcome: value === undefined ? 'new' : 'moved', newSession: this.#live.tokens.get(member.id) };
  }
}
