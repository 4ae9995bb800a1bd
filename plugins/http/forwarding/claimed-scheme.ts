import { FORWARDED, X_FORWARDED_PROTO } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import { claimedAddressIn } from './claimed-address.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** A parameter `proto` of an element of `Forwarded` (RFC 7239 5.4). */
const PROTO_PARAMETER = /(?:^|;)[ \t]*proto[ \t]*=[ \t]*"?([A-Za-z][A-Za-z0-9+.-]*)/i;

/**
 * The scheme by which the client called, as a trusted proxy says: the first entry of X-Forwarded-Proto or, where that is missing, `proto`
 * in the element of `Forwarded` that names the client. In lower case; '' when the proxy says nothing about it.
 */
export function claimedScheme(head: RequestHead, trusted: TrustedProxies): string {
  const named = head.joined(X_FORWARDED_PROTO);
  if (named !== '') return (named.split(',', 1)[0] ?? '').trim().toLowerCase();
  const forwarded = head.joined(FORWARDED);
  let scheme = '';
  if (forwarded !== '') {
    // The list is walked from its end, so that the last element that is read is the client's.
    trusted.clientOf(forwarded, (element) => {
      scheme = PROTO_PARAMETER.exec(element)?.[1] ?? '';
      return claimedAddressIn(element);
    });
  }
  return scheme.toLowerCase();
}
