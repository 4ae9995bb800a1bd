import type { SessionTokens } from '../stickiness/session-tokens.ts';
import type { Member } from './member.ts';

/** Which of an upstream's members a client belongs to, by the value of its cookie. */
export class MemberSessions {
  readonly #tokens: SessionTokens;
  #members: ReadonlyMap<string, Member> = new Map();
  #values: ReadonlyMap<Member, string> = new Map();

  constructor(tokens: SessionTokens) {
    this.#tokens = tokens;
  }

  /** From now on these are the members. */
  follow(members: readonly Member[]): void {
    const named = members.map((member) => [this.#tokens.of(member.backend.name), member] as const);
    this.#members = new Map(named);
    this.#values = new Map(named.map(([value, member]) => [member, value]));
  }

  /** The member of a client whose cookie has that value; undefined when it is unknown, or the member may not serve its clients any more. */
  memberOf(value: string): Member | undefined {
    const member = this.#members.get(value);
    return member?.takesSessions === true ? member : undefined;
  }

  /** The value for the cookie of a client that belongs to that member. */
  valueOf(member: Member): string | undefined {
    return this.#values.get(member);
  }
}
