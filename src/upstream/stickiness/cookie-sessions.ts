import type { LeaseStickiness } from '../../plugin-api/index.ts';
import type { SessionMember, Sessions } from './sessions.ts';
import type { SessionTokens } from './session-tokens.ts';

/** Sessions whose clients say by a cookie where they belong: nothing is remembered here. */
export class CookieSessions<M extends SessionMember> implements Sessions<M> {
  readonly #tokens: Pick<SessionTokens, 'of'>;
  /** By name: the tokens of the members, and of those that {@link prepare} was told of. */
  #named = new Map<string, string>();
  #members: ReadonlyMap<string, M> = new Map();

  constructor(tokens: Pick<SessionTokens, 'of'>) {
    this.#tokens = tokens;
  }

  /** Each token costs some µs: those of many members would hold up traffic. */
  *prepare(members: readonly M[]): Generator<undefined, void> {
    for (const { id } of members) {
      this.#tokenOf(id);
      yield;
    }
  }

  follow(members: readonly M[]): void {
    this.#members = new Map(members.map((member) => [this.#tokenOf(member.id), member]));
    this.#named = new Map(Array.from(this.#members, ([token, { id }]) => [id, token]));
  }

  memberOf(value: string): M | undefined {
    const member = this.#members.get(value);
    return member?.takesSessions === true ? member : undefined;
  }

  assign(value: string | undefined, member: M): LeaseStickiness {
    return { outcome: value === undefined ? 'new' : 'moved', newSession: this.#named.get(member.id) };
  }

  #tokenOf(id: string): string {
    const known = this.#named.get(id);
    if (known !== undefined) return known;
    const token = this.#tokens.of(id);
    this.#named.set(id, token);
    return token;
  }
}
