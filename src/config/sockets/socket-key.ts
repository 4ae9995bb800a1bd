import { formatAddress, parseAddress } from '../values/address.ts';
import type { Listener } from '../schema/config.generated.ts';

/**
 * What tells the socket of a listener from others. Over an edit a listener keeps its socket when the key stays the same, whatever else of
 * it changes. That is its address; port 0 means any port, so there the name counts too.
 */
export function socketKeyOf({ name, address }: Pick<Listener, 'name' | 'address'>): string {
  const plain = formatAddress(parseAddress(address));
  return plain.endsWith(':0') ? `${name} ${plain}` : plain;
}
