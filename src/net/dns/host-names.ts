import { AddressRotation } from './address-rotation.ts';
import type { Answered, NameState } from './name-record.ts';

/** Looks up host names, for all code that connects to hosts by their names. */
export interface HostNames {
  /**
   * Calls `answered` with the addresses of a host: at once when they are known, else after the look-up; callers for the same host share
   * one look-up. While name servers fail, the last good answer is given. There is no time limit: the returned function stops the wait.
   */
  lookUp(host: string, answered: Answered): () => void;
  /** The rotation that decides in which order the addresses of that host are tried for that port. */
  turns(host: string, port: number): AddressRotation;
  /**
   * Keeps the addresses of a host up to date until the result is released. `changed` is called when the addresses change. Undefined when
   * names are not looked up.
   *
   * @param ended called after each look-up, whatever it brought. Where another thread looks names up, it is not called
   */
  hold(host: string, changed: () => void, ended?: () => void): HeldName | undefined;
}

/** A reference to a name, whose record is kept up to date until {@link release}. */
export interface HeldName {
  /** The same object as long as it is held. */
  readonly record: NameState;
  release(): void;
}

/** Looks nothing up: for a generation that is built for `explain` and connects to nothing. */
export const NO_NAMES: HostNames = {
  lookUp: (_host, answered) => {
    answered([], 'names are not looked up here');
    return () => undefined;
  },
  turns: () => new AddressRotation(),
  hold: () => undefined,
};
