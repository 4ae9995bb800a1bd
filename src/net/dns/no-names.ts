import { AddressRotation } from './address-rotation.ts';
import type { HostNames } from './host-names.ts';

/** For what is built only to be looked at, and connects to nothing. */
export const NO_NAMES: HostNames = {
  lookUp: (_host, answered) => {
    answered([], 'names are not looked up here');
    return () => undefined;
  },
  turns: () => new AddressRotation(),
  hold: () => undefined,
};
