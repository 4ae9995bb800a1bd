import type { LeaseStickiness } from '../../plugin-api/index.ts';
import type { SessionMember, Sessions } from './sessions.ts';
import type { SessionTokens } from './session-tokens.ts';

/** Sessions whose clients say by a cookie where they belong: nothing is remembered here. */
export class CookieSessions<M extends SessionMember> implements Sessions<M> {
  readonly #tokens: SessionTokens;
  #members: ReadonlyMap<string, M> = new Map();
  #values: ReadonlyMap<M, string> = new Map();

  constructor(tokens: SessionTokens) {
    this.#tokens = tokens;
  }

  follow(members: readonly M[]): void {
    const named = members.map((member) => [this.#tokens.of(member.id), member] as const);
    this.#members = new Map(named);
    this.#values = new Map(named.map(([value, member]) => [member, value]));
  }

  memberOf(value: string): M | undefined {
    const member = this.#members.get(value);
    return member?.takesSessions === true ? member : undefined;
  }

  assign(value: string | undefined, member: M): LeaseStickiness {
    return { outcome: value === undefined ? 'new' : 'moved', newSession: this.#values.get(member) };
  }
}
