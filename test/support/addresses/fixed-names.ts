import { AddressRotation } from '../../../src/net/dns/address-rotation.ts';
import type { HostNames } from '../../../src/net/dns/host-names.ts';

/** Host names that stand for what a test says, without any look-up; `localhost` always stands for both loopback addresses. */
export function fixedNames(table: Readonly<Record<string, readonly string[]>> = {}): HostNames {
  const known = new Map(Object.entries({ localhost: ['127.0.0.1', '::1'], ...table }));
  const turns = new Map<string, AddressRotation>();
  return {
    lookUp: (host, answered) => {
      const addresses = known.get(host) ?? [];
      answered(addresses, addresses.length === 0 ? 'the test knows no such name' : undefined);
      return () => undefined;
    },
    turns: (host, port) => {
      const key = `${host}:${String(port)}`;
      const found = turns.get(key) ?? new AddressRotation();
      turns.set(key, found);
      return found;
    },
    hold: () => undefined,
  };
}
