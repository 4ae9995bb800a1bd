import { claimedAddress, claimedAddressIn } from './claimed-address.ts';
import { FORWARDED, X_FORWARDED_FOR, X_REAL_IP } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

const NAMING = [
  [X_FORWARDED_FOR, claimedAddress],
  [FORWARDED, claimedAddressIn],
  [X_REAL_IP, claimedAddress],
] as const;

/**
 * The clients that a trusted proxy names: one for each field that is there. It is '' for a field that holds anything but addresses, such
 * as `unknown`. Only permissions use this; logs show the one client that is certain.
 */
export function namedClients(head: RequestHead, trusted: TrustedProxies): readonly string[] {
  return NAMING.filter(([field]) => head.fieldWith(field) >= 0).map(([field, addressOf]) => {
    const list = head.joined(field);
    const isCertain = list.split(',').every((element) => addressOf(element) !== '');
    return isCertain ? (trusted.clientOf(list, addressOf) ?? '') : '';
  });
}
