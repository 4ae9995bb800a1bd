import { isIP, type LookupFunction } from 'node:net';

import type { HostNames } from './host-names.ts';

/** The `lookup` option for sockets of libraries, which would otherwise look names up in Node's thread pool. */
export function nodeLookup(names: Pick<HostNames, 'lookUp'>): LookupFunction {
  return (host, options, found) => {
    names.lookUp(host, (addresses, failure) => {
      // Node.js does not expect an answer before this function has returned.
      process.nextTick(() => {
        const all = addresses.map((address) => ({ address, family: isIP(address) }));
        const mine = all.filter(({ family }) => isWanted(family, options.family));
        const [first] = mine;
        if (first === undefined) found(notFound(host, failure), '');
        else if (options.all === true) found(null, mine);
        else found(null, first.address, first.family);
      });
    });
  };
}

function isWanted(family: number, wanted: number | string | undefined): boolean {
  return wanted === undefined || wanted === 0 || Number(String(wanted).replace('IPv', '')) === family;
}

function notFound(host: string, failure: string | undefined): NodeJS.ErrnoException {
  const error = new Error(`${host} can not be resolved: ${failure ?? 'it has no address of that family'}`);
  return Object.assign(error, { code: 'ENOTFOUND' });
}
