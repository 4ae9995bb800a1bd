import { formatAddress, isIpAddress, parseAddress } from './address.ts';

/** What {@link parseNameServer} takes, in words for error messages. */
export const NAME_SERVER_FORMS = '10.0.0.2, 10.0.0.2:5353, 2001:db8::53 or [2001:db8::53]:5353';

const DNS_PORT = 53;

/**
 * Reads the IP address of a name server, with a port where it is not 53; gives it in its shortest form. Throws an Error that
 * says what is allowed.
 */
export function parseNameServer(text: string): string {
  // Any other text gets the message about name servers, not the one of parseAddress.
  if (!isIpAddress(text) && !/^(?:[0-9.]+|\[[^\]]*\]):[0-9]+$/.test(text)) throw notOne();
  const bare = isIpAddress(text) ? `${text.includes(':') ? `[${text}]` : text}:${String(DNS_PORT)}` : text;
  const address = parseAddress(bare);
  if (address.kind === 'unix' || !isIpAddress(address.host) || address.port === 0) throw notOne();
  return address.port === DNS_PORT ? address.host : formatAddress(address);
}

function notOne(): Error {
  return new Error(`must be the IP address of a name server: ${NAME_SERVER_FORMS}`);
}
