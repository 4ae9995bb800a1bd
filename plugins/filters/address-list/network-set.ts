import { isIPv4, isIPv6 } from 'node:net';

/** How many 32-bit words an address has. */
const V4_WORDS = 1;
const V6_WORDS = 4;
const DOT = 0x2e;
const DIGIT_0 = 0x30;
const WORD_BITS = 32;
/** A place and a word fit into one number. */
const MOST_NETWORKS = 2 ** 21;

/** A set of IP addresses, made of networks. IPv4 addresses within IPv6 (`::ffff:192.0.2.1`) count as IPv4 addresses. */
export class NetworkSet {
  readonly #v4 = new Ranges(V4_WORDS);
  readonly #v6 = new Ranges(V6_WORDS);

  /** @throws Error for a text that is no address or network */
  constructor(networks: Iterable<string>) {
    for (const text of networks) this.#add(text);
    this.#v4.settle();
    this.#v6.settle();
  }

  /** How many separate ranges there are. */
  get ranges(): number {
    return this.#v4.size + this.#v6.size;
  }

  has(address: string): boolean {
    const words = wordsOf(address);
    if (words === undefined) return false;
    return words.length === V4_WORDS ? this.#v4.has(words) : this.#v6.has(words);
  }

  #add(text: string): void {
    const slash = text.indexOf('/');
    const address = slash < 0 ? text : text.slice(0, slash);
    const words = wordsOf(address);
    if (words === undefined) throw new Error(`${JSON.stringify(text)} is no address or network`);
    const isMapped = words.length === V4_WORDS && address.includes(':');
    const most = (isMapped ? V6_WORDS : words.length) * WORD_BITS;
    const given = slash < 0 ? most : lengthOf(text.slice(slash + 1), most);
    if (given === undefined)
      throw new Error(`${JSON.stringify(text)} has a length that is not from 0 to ${String(most)}`);
    const length = isMapped ? given - 96 : given;
    if (length < 0) throw new Error(`${JSON.stringify(text)} is wider than the IPv4 addresses within IPv6`);
    (words.length === V4_WORDS ? this.#v4 : this.#v6).add(words, length);
  }
}

/** Ranges of addresses of one length, as their first and last addresses, sorted and merged. */
class Ranges {
  readonly #words: number;
  #first: Uint32Array;
  #last: Uint32Array;
  #count = 0;

  constructor(words: number) {
    this.#words = words;
    this.#first = new Uint32Array(words);
    this.#last = new Uint32Array(words);
  }

  get size(): number {
    return this.#count;
  }

  add(address: readonly number[], length: number): void {
    if (this.#count === MOST_NETWORKS) throw new Error(`has more than ${String(MOST_NETWORKS)} networks`);
    const words = this.#words;
    const at = this.#count * words;
    if (at + words > this.#first.length) {
      this.#first = grown(this.#first);
      this.#last = grown(this.#last);
    }
    for (let word = 0; word < words; word++) {
      const bits = Math.min(WORD_BITS, Math.max(0, length - word * WORD_BITS));
      const host = bits === 0 ? 0xffffffff : bits === WORD_BITS ? 0 : 0xffffffff >>> bits;
      const value = address[word] ?? 0;
      this.#first[at + word] = value & ~host;
      this.#last[at + word] = value | host;
    }
    this.#count += 1;
  }

  /** Sorts the ranges, and merges those that overlap. */
  settle(): void {
    const words = this.#words;
    const [first, last, count] = [this.#first, this.#last, this.#count];
    const order = this.#inOrder();
    const [starts, ends] = [new Uint32Array(count * words), new Uint32Array(count * words)];
    let kept = 0;
    for (const from of order) {
      const at = from * words;
      const before = (kept - 1) * words;
      if (kept > 0 && compare(first, at, ends, before, words) <= 0) {
        if (compare(last, at, ends, before, words) > 0) ends.set(last.subarray(at, at + words), before);
        continue;
      }
      starts.set(first.subarray(at, at + words), kept * words);
      ends.set(last.subarray(at, at + words), kept * words);
      kept += 1;
    }
    this.#first = starts.slice(0, kept * words);
    this.#last = ends.slice(0, kept * words);
    this.#count = kept;
  }

  /** The places of the ranges in the order of their first addresses. */
  #inOrder(): Uint32Array {
    const words = this.#words;
    const [first, count] = [this.#first, this.#count];
    // Numbers sort much faster than what needs a function: the first word of the address, and below it the place.
    const keys = new Float64Array(count);
    for (let index = 0; index < count; index++)
      keys[index] = (first[index * words] ?? 0) * MOST_NETWORKS + index;
    const order = Uint32Array.from(keys.sort(), (key) => key % MOST_NETWORKS);
    if (words === 1) return order;
    for (let from = 0, to = 1; from < count; from = to, to++) {
      const word = first[(order[from] ?? 0) * words];
      while (to < count && first[(order[to] ?? 0) * words] === word) to++;
      if (to - from > 1)
        order.subarray(from, to).sort((a, b) => compare(first, a * words, first, b * words, words));
    }
    return order;
  }

  /** Looks by halving for the last range that begins at the address or before it. */
  has(address: readonly number[]): boolean {
    const words = this.#words;
    if (words === 1) return this.#hasWord(address[0] ?? 0);
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#first, middle * words, address, 0, words) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compare(address, 0, this.#last, (low - 1) * words, words) <= 0;
  }

  /** {@link has} for addresses of one word. */
  #hasWord(address: number): boolean {
    const first = this.#first;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((first[middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    return low > 0 && address <= (this.#last[low - 1] ?? 0);
  }
}

type Words = ArrayLike<number>;

function compare(a: Words, at: number, b: Words, bt: number, words: number): number {
  for (let word = 0; word < words; word++) {
    const difference = (a[at + word] ?? 0) - (b[bt + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function grown(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function lengthOf(text: string, most: number): number | undefined {
  const length = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  return length <= most ? length : undefined;
}

/** An address as 32-bit words: one for IPv4, also within IPv6, four for IPv6; undefined for a text that is none. */
function wordsOf(address: string): readonly number[] | undefined {
  if (isIPv4(address)) return [v4Word(address)];
  if (!isIPv6(address)) return undefined;
  const words = v6Words(address);
  const [a, b, c, d = 0] = words;
  return a === 0 && b === 0 && c === 0xffff ? [d] : words;
}

function v4Word(address: string): number {
  let word = 0;
  let part = 0;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code !== DOT) part = part * 10 + code - DIGIT_0;
    else {
      word = word * 256 + part;
      part = 0;
    }
  }
  return word * 256 + part;
}

function v6Words(address: string): number[] {
  const zone = address.indexOf('%');
  const [head = '', tail] = (zone < 0 ? address : address.slice(0, zone)).split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  const groups = [...before, ...zeros, ...after];
  return [0, 2, 4, 6].map((at) => (groups[at] ?? 0) * 65_536 + (groups[at + 1] ?? 0));
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const word = v4Word(group);
    return [Math.floor(word / 65_536), word % 65_536];
  });
}
