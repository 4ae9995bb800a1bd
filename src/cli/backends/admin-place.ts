import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import { formatAddress, parseAddress, type Address } from '../../config/values/address.ts';
import { BalanceError } from '../../errors.ts';

/** Where the admin server of a config is, and what it asks of clients. */
export interface AdminPlace {
  readonly address: Address;
  /** The address for people to read. */
  readonly shown: string;
  /** The bearer token; undefined: none. */
  readonly token: string | undefined;
  /** The certificate of the server, which must be this one; undefined: no TLS. */
  readonly certificate: string | undefined;
}

/**
 * Finds the admin server of a config.
 *
 * @throws BalanceError when it has none, or one that a command can't ask
 */
export async function adminPlace({ config, file }: LoadedConfig): Promise<AdminPlace> {
  const { admin } = config;
  if (admin === undefined)
    throw new BalanceError('config_invalid', `${file} has no admin section, so nothing can be asked there`);
  if (admin.tls?.client_ca_file !== undefined)
    throw new BalanceError(
      'config_invalid',
      'the admin server asks for a certificate (admin.tls.client_ca_file): ask it with curl --cert FILE',
    );
  const inFolder = (path: string): Promise<string> => readFile(resolve(dirname(resolve(file)), path), 'utf8');
  const address = reachable(parseAddress(admin.listen));
  return {
    address,
    shown: formatAddress(address),
    token: admin.token_file === undefined ? admin.token : (await inFolder(admin.token_file)).trim(),
    certificate: admin.tls === undefined ? undefined : await inFolder(admin.tls.cert_file),
  };
}

/** A server that listens at all addresses of the machine can be reached at that of the loopback. */
function reachable(address: Address): Address {
  if (address.kind === 'unix') return address;
  if (address.port === 0)
    throw new BalanceError('config_invalid', 'admin.listen has port 0: only the log of the proxy says which');
  if (address.host === '0.0.0.0' || address.host === '') return { ...address, host: '127.0.0.1' };
  return address.host === '::' ? { ...address, host: '::1' } : address;
}
