import type { Address } from '../../../src/config/values/address.ts';
import type { ProbeTarget } from '../../../src/health/probe/probe-socket.ts';
import { fixedNames } from '../../support/addresses/fixed-names.ts';

/** Where a probe goes, with names as a test gives them. */
export function probeTarget(address: Address, timeoutMs: number, names = fixedNames()): ProbeTarget {
  return { address, names, turn: { next: 0 }, timeoutMs };
}
