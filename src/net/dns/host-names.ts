import { AddressRotation } from './address-rotation.ts';
import type { Answered, NameRecord } from './name-record.ts';

/** What connects to hosts by their names asks here. */
export interface HostNames {
  /**
   * Gives the addresses of a host: at once where they are known, otherwise when the look-up, which all who ask share, is over.
   * While name servers fail, the last good answer is given. There is no time limit: call what this returns to stop waiting.
   */
  lookUp(host: string, answered: Answered): () => void;
  /** In which order the addresses of that host are tried for that port. */
  turns(host: string, port: number): AddressRotation;
  /**
   * Keeps what is known of a host up to date until that is released; `changed` is told when its addresses are others.
   * Undefined where names are not looked up.
   */
  hold(host: string, changed: () => void): HeldName | undefined;
}

/** A name that somebody holds, and what is known of it. */
export interface HeldName {
  readonly record: NameRecord;
  release(): void;
}

/** For a generation that is built only to be looked at, and connects to nothing. */
export const NO_NAMES: HostNames = {
  lookUp: (_host, answered) => {
    answered([], 'names are not looked up here');
    return () => undefined;
  },
  turns: () => new AddressRotation(),
  hold: () => undefined,
};
