import { AddressList } from '../../../src/plugin-api/values/address-list.ts';

/** The addresses of proxies that balance believes when they say who their client is. An empty list trusts nobody. */
export class TrustedProxies extends AddressList {
  /**
   * The client behind trusted proxies. Each proxy adds the address of its own client to the end of the list. So the client is the last
   * address that is not a trusted proxy; it may have made up all entries before that one. When an entry is not an address, or all are
   * trusted proxies, the result is the farthest proxy that is certain. It is undefined when the last entry is not an address.
   *
   * @param addressOf reads the address in one element of the list; '' when the element holds none
   */
  clientOf(list: string, addressOf: (element: string) => string): string | undefined {
    let client: string | undefined;
    for (let end = list.length; end >= 0;) {
      const comma = lastCommaBefore(list, end);
      const address = addressOf(list.slice(comma + 1, end));
      if (address === '') return client;
      client = address;
      if (!this.has(address)) return client;
      end = comma;
    }
    return client;
  }
}

/**
 * The last comma outside of quotes before `end`, or -1. It is looked for from the end, so that a quote that a client leaves open
 * does not hide what proxies added behind it.
 */
function lastCommaBefore(list: string, end: number): number {
  let isQuoted = false;
  for (let at = end - 1; at >= 0; at--) {
    if (list[at] === '"') isQuoted = !isQuoted;
    else if (list[at] === ',' && !isQuoted) return at;
  }
  return -1;
}
