import { BlockList, isIP } from 'node:net';

/** Addresses and networks, such as `192.0.2.1` and `10.0.0.0/8`. */
export class AddressList {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  constructor(entries: readonly string[]) {
    this.#isEmpty = entries.length === 0;
    for (const entry of entries) {
      const [address = '', length] = entry.split('/');
      if (length === undefined) this.#list.addAddress(address, familyOf(address));
      else this.#list.addSubnet(address, Number(length), familyOf(address));
    }
  }

  /** Whether the list contains the address. An IPv6 address may end with a zone. False when the text is no address. */
  has(address: string): boolean {
    return !this.#isEmpty && this.#list.check(address.replace(/%.*$/, ''), familyOf(address));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
