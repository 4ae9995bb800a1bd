import type { Address } from '../../../src/config/values/address.ts';
import type { Dialed } from '../../../src/net/dial/dialer.ts';
import { SocketDialer, type DialerParts } from '../../../src/net/dial/socket-dialer.ts';

export interface DialOptions extends DialerParts {
  readonly connectTimeoutMs: number;
  readonly keepAliveMs?: number | undefined;
}

/** {@link SocketDialer.dial}, as a promise. */
export function dial(address: Address, options: DialOptions): Promise<Dialed> {
  const { connectTimeoutMs, keepAliveMs = 0 } = options;
  return new Promise((resolve, reject) => {
    new SocketDialer({ connectTimeoutMs, keepAliveMs }, options).dial(address, (error, dialed) => {
      if (dialed === undefined) reject(error ?? new Error('nothing was connected'));
      else resolve(dialed);
    });
  });
}
