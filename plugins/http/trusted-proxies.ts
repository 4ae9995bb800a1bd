import { BlockList, isIP, isIPv6 } from 'node:net';

/** The peers whose word about the client counts. */
export class TrustedProxies {
  readonly #list: BlockList | undefined;

  /** Addresses and networks; none: nobody is trusted. */
  constructor(entries: readonly string[]) {
    if (entries.length === 0) return;
    this.#list = new BlockList();
    for (const entry of entries) {
      const [address = '', length] = entry.split('/');
      const family = familyOf(address);
      if (length === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(length), family);
    }
  }

  has(address: string): boolean {
    return this.#list?.check(address, familyOf(address)) ?? false;
  }

  /**
   * The client behind trusted proxies: the last address of X-Forwarded-For that is not one of theirs, since all before it
   * may be made up. Undefined when the list holds no such address.
   */
  clientOf(forwardedFor: string): string | undefined {
    const addresses = forwardedFor.split(',');
    for (let i = addresses.length - 1; i >= 0; i--) {
      const address = (addresses[i] ?? '').trim();
      if (isIP(address) === 0) return undefined;
      if (!this.has(address)) return address;
    }
    return undefined;
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
