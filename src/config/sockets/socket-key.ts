import { formatAddress, parseAddress } from '../values/address.ts';
import type { Listener } from '../schema/config.generated.ts';

/**
 * The key of a listener's socket. Over an edit a listener keeps its socket when the key stays the same, whatever else of the listener
 * changes. The key is the address; port 0 means any port, so there the name counts too.
 */
export function socketKeyOf({ name, address }: Pick<Listener, 'name' | 'address'>): string {
  const plain = formatAddress(parseAddress(address));
  return plain.endsWith(':0') ? `${name} ${plain}` : plain;
}
