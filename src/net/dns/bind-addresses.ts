import { isIPv6 } from 'node:net';

import { isIpAddress, type Address } from '../../config/values/address.ts';
import type { HostNames } from './host-names.ts';

/** Where a server may listen that is to listen at `address`: to be tried in this order. Rejects where a name has no address. */
export type BindAddresses = (address: Address) => Promise<readonly Address[]>;

/** Finds out what the host name of a listener stands for; IPv6 comes first, as the C library has it. */
export function bindAddresses(names: Pick<HostNames, 'lookUp'>): BindAddresses {
  return (address) => {
    if (address.kind === 'unix' || address.host === '' || isIpAddress(address.host))
      return Promise.resolve([address]);
    const { host, port } = address;
    return new Promise((resolve, reject) => {
      names.lookUp(host, (addresses, failure) => {
        const sorted = [...addresses].sort((a, b) => Number(isIPv6(b)) - Number(isIPv6(a)));
        if (sorted.length === 0) reject(new Error(`${host} can not be resolved: ${failure ?? ''}`));
        else resolve(sorted.map((ip) => ({ kind: 'tcp', host: ip, port })));
      });
    });
  };
}

const ELSEWHERE = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** Whether a server that can't be bound at one address of its name should try the next: this machine does not have that one. */
export function isElsewhere(systemCode: string): boolean {
  return ELSEWHERE.has(systemCode);
}
