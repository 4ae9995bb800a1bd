/** A list in the message: its bytes are `[start, end)`. Absent lists have no bytes. */
export interface HelloSpan {
  readonly start: number;
  readonly end: number;
}

/** Where the fields of a message are. All lengths were checked. */
export interface HelloFields {
  readonly sni: string | undefined;
  readonly ech: boolean;
  /** The version in the fixed part of the message, which clients of TLS 1.3 set to TLS 1.2. */
  readonly legacyVersion: number;
  readonly alpn: HelloSpan | undefined;
  readonly versions: HelloSpan | undefined;
}

/**
 * What a TLS client says first. It keeps the bytes of the message alive: drop it after the handshake. Lists are made when they are asked for.
 */
export class ClientHello {
  readonly #message: Buffer;
  readonly #fields: HelloFields;

  constructor(message: Buffer, fields: HelloFields) {
    this.#message = message;
    this.#fields = fields;
  }

  /**
   * The host name that the client asks for, in lower case and without a dot at its end; undefined when it names none. With
   * {@link ech} it is the name that everybody may see, which may not be the one that the client wants.
   */
  get sni(): string | undefined {
    return this.#fields.sni;
  }

  /**
   * True when it has an Encrypted Client Hello. That does not say that there is a hidden name: Chrome and Firefox send the extension,
   * filled with random bytes, to all servers (GREASE), and nobody but the server can tell the difference. Source: RFC 9849.
   */
  get ech(): boolean {
    return this.#fields.ech;
  }

  /** The protocols that the client offers, in its order; empty when it sends no ALPN. Source: RFC 7301. */
  get alpn(): string[] {
    const names: string[] = [];
    const { alpn } = this.#fields;
    if (alpn === undefined) return names;
    for (let at = alpn.start; at < alpn.end;) {
      const next = at + 1 + this.#message.readUInt8(at);
      names.push(this.#message.latin1Slice(at + 1, next));
      at = next;
    }
    return names;
  }

  /** The versions that it offers, as numbers such as 0x0304 for TLS 1.3, in its order. A client before TLS 1.3 names its highest alone. */
  get versions(): number[] {
    const { versions, legacyVersion } = this.#fields;
    if (versions === undefined) return [legacyVersion];
    const numbers: number[] = [];
    for (let at = versions.start; at < versions.end; at += 2) numbers.push(this.#message.readUInt16BE(at));
    return numbers;
  }
}
