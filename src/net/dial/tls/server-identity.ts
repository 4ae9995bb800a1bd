import { isIP } from 'node:net';

import type { Address } from '../../../config/values/address.ts';

/** Who a backend must prove to be. */
export interface ServerIdentity {
  /** A host name, or an IP address, which must be in the certificate as such. */
  readonly name: string;
  /** What SNI names: never an IP address (RFC 6066, section 3). */
  readonly sni: string | undefined;
}

/** @param serverName the name that the config gives. Default: the host of the address; for a unix socket `localhost` */
export function serverIdentityOf(address: Address, serverName: string | undefined): ServerIdentity {
  const host = serverName ?? (address.kind === 'unix' ? 'localhost' : address.host);
  const name = (host === '' ? 'localhost' : host)
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return { name, sni: isIP(name) === 0 ? name : undefined };
}
