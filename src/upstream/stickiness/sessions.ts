import type { LeaseStickiness } from '../../plugin-api/index.ts';

/** The client got the member that it belongs to. */
export const KEPT: LeaseStickiness = { outcome: 'kept', newSession: undefined };
/** Its member is full: this one request went to another one. */
export const AWAY: LeaseStickiness = { outcome: 'away', newSession: undefined };

/** A member of an upstream, as far as sessions know it. */
export interface SessionMember {
  /** Name of the backend. */
  readonly id: string;
  /** Whether it may serve the clients that it has. */
  readonly takesSessions: boolean;
}

/** Which of an upstream's members a client belongs to. */
export interface Sessions<M extends SessionMember> {
  /** Long work before {@link follow}, in steps. Default: there is none. */
  prepare?(members: readonly M[]): Iterator<unknown, void>;
  /** From now on these are the members. */
  follow(members: readonly M[]): void;
  /**
   * The member of the client with that value; undefined when it is unknown, or the member may not serve its clients any more.
   *
   * @param isUse false to only find out: then nothing notes that the client was here
   */
  memberOf(value: string, isUse: boolean): M | undefined;
  /**
   * The client belongs to that member from now on. Undefined when it can't be kept anywhere.
   *
   * @param value undefined when the client sent none
   */
  assign(value: string | undefined, member: M): LeaseStickiness | undefined;
}
