import { isIPv6 } from 'node:net';

import { isIpAddress, type Address } from '../../config/values/address.ts';
import type { HostNames } from './host-names.ts';

/** The addresses that a server may listen at when the config says `address`, in the order in which to try them. Rejects when a name has no address. */
export type BindAddresses = (address: Address) => Promise<readonly Address[]>;

/** Looks up the host name of a listener. IPv6 addresses come first, as in the C library. */
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

/** Whether binding failed because this machine does not have the address: then the next address of the name is tried. */
export function isElsewhere(systemCode: string): boolean {
  return ELSEWHERE.has(systemCode);
}
