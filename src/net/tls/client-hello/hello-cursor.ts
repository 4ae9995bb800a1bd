/** Steps through the fields of a message, and never past the end of what it is limited to. */
export class HelloCursor {
  readonly bytes: Buffer;
  at: number;
  /** The fields that are read now end here. */
  end: number;
  /** False after a field has reached past the end; everything that is read later is 0. */
  isWhole = true;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = bytes.length;
  }

  /** Whether everything was read, to the last byte. */
  get isDone(): boolean {
    return this.isWhole && this.at === this.end;
  }

  u8(): number {
    const at = this.at;
    return this.skip(1) ? this.bytes.readUInt8(at) : 0;
  }

  u16(): number {
    const at = this.at;
    return this.skip(2) ? this.bytes.readUInt16BE(at) : 0;
  }

  /** Steps over that many bytes. Returns false, and stays where it is, when there are fewer. */
  skip(length: number): boolean {
    if (!this.isWhole || this.end - this.at < length) {
      this.isWhole = false;
      return false;
    }
    this.at += length;
    return true;
  }
}
