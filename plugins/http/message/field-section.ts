import {
  CONNECTION,
  KEEP_ALIVE,
  LOOK_ALIKE,
  PROXY_CONNECTION,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  UPGRADE,
} from './field-names.ts';

const TAB = 0x09;
const BLANK = 0x20;
const UNDERSCORE = 0x5f;

/** Numbers kept for a field: name start and end, value start and end. */
export const NUMBERS_A_FIELD = 4;

/**
 * The fields of a message's head as offsets into bytes: no field becomes a string until somebody asks for it. A codec fills it in
 * again for each message, so it is valid only until the next message is read.
 */
export class FieldSection {
  bytes: Buffer = Buffer.alloc(0);
  /** Offsets in `bytes`, {@link NUMBERS_A_FIELD} for each field line, in the order of arrival. */
  offsets = new Int32Array(512);
  fields = 0;
  /** Which known name each field has: a number of `field-names.ts`. */
  readonly ids: number[] = [];
  /** Lower-case names of further fields that `Connection` lists; they must not be forwarded. */
  connectionNames: string[] | undefined = undefined;
  /** Whether the body comes in chunks, behind which trailers may follow. */
  chunked = false;
  /** Which known names occur, as bits. Two names whose numbers differ by 32 share a bit: where it is set, the fields themselves decide. */
  protected known = 0;

  nameText(field: number): string {
    const at = field * NUMBERS_A_FIELD;
    return this.bytes.latin1Slice(this.offsets[at] as number, this.offsets[at + 1] as number);
  }

  nameLength(field: number): number {
    const at = field * NUMBERS_A_FIELD;
    return (this.offsets[at + 1] as number) - (this.offsets[at] as number);
  }

  /** The value without surrounding white space. */
  valueText(field: number): string {
    const at = field * NUMBERS_A_FIELD;
    const start = this.offsets[at + 2] as number;
    let end = this.offsets[at + 3] as number;
    // Only blanks and tabs are removed (RFC 9110 5.6.3). `trim` would remove more, which parsers take for part of the value.
    while (end > start && (this.bytes[end - 1] === BLANK || this.bytes[end - 1] === TAB)) end -= 1;
    return this.bytes.latin1Slice(start, end);
  }

  /** Whether the value is exactly `bytes`. */
  hasValue(field: number, bytes: Buffer): boolean {
    const at = field * NUMBERS_A_FIELD;
    const start = this.offsets[at + 2] as number;
    if ((this.offsets[at + 3] as number) - start !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (this.bytes[start + i] !== bytes[i]) return false;
    return true;
  }

  /** The field line without its CRLF, as it arrived. */
  lineText(field: number): string {
    const at = field * NUMBERS_A_FIELD;
    return this.bytes.latin1Slice(this.offsets[at] as number, this.offsets[at + 3] as number);
  }

  /** The first field of that name (lower case) that is not a look-alike, or -1. For rare look-ups: frequent ones use {@link fieldWith}. */
  find(lowerName: string, from = 0): number {
    for (let field = from; field < this.fields; field++) {
      if (this.nameLength(field) !== lowerName.length) continue;
      if (this.ids[field] === LOOK_ALIKE) continue;
      if (this.nameText(field).toLowerCase() === lowerName) return field;
    }
    return -1;
  }

  /** Whether a name has an underscore. */
  hasUnderscore(field: number): boolean {
    const at = field * NUMBERS_A_FIELD;
    const end = this.offsets[at + 1] as number;
    for (let i = this.offsets[at] as number; i < end; i++) if (this.bytes[i] === UNDERSCORE) return true;
    return false;
  }

  /** The value of the first field of that name (lower case), or undefined. */
  valueOf(lowerName: string): string | undefined {
    const field = this.find(lowerName);
    return field < 0 ? undefined : this.valueText(field);
  }

  /** The value of the field of that name (lower case), or undefined when there is none, or several. */
  soleValueOf(lowerName: string): string | undefined {
    const field = this.find(lowerName);
    return field < 0 || this.find(lowerName, field + 1) >= 0 ? undefined : this.valueText(field);
  }

  /** The first field with that known name, or -1. */
  fieldWith(id: number): number {
    if ((this.known & (1 << id)) === 0) return -1;
    for (let field = 0; field < this.fields; field++) if (this.ids[field] === id) return field;
    return -1;
  }

  /** Whether there is a field with that known name that is not meant for this connection alone. */
  passesOn(id: number): boolean {
    const field = this.fieldWith(id);
    return field >= 0 && !this.isHopByHop(field);
  }

  /** The values of all fields with that known name as one list (RFC 9110 5.3); '' when there is none. */
  joined(id: number): string {
    if ((this.known & (1 << id)) === 0) return '';
    let list = '';
    for (let field = 0; field < this.fields; field++) {
      if (this.ids[field] !== id) continue;
      const value = this.valueText(field);
      if (value !== '') list = list === '' ? value : `${list}, ${value}`;
    }
    return list;
  }

  /** Whether a field concerns only the connection to this peer: framing, connection control, and what `Connection` names. */
  isHopByHop(field: number): boolean {
    switch (this.ids[field]) {
      case CONNECTION:
      case KEEP_ALIVE:
      case PROXY_CONNECTION:
      case TRANSFER_ENCODING:
      case UPGRADE:
      case TE:
        return true;
      case TRAILER:
        return !this.chunked;
      default:
        return this.connectionNames !== undefined && this.#isNamedByConnection(field);
    }
  }

  #isNamedByConnection(field: number): boolean {
    const name = this.nameText(field).toLowerCase();
    // These names are never connection options, even when a peer lists them in Connection.
    if (name === 'host' || name === 'content-length' || name === 'cdn-loop') return false;
    return this.connectionNames?.includes(name) ?? false;
  }
}
