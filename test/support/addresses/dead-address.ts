import { freeAddress } from './free-address.ts';

/** `host:port` where nobody listens. */
export function deadAddress(): Promise<string> {
  return freeAddress();
}
