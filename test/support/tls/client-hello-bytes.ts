/** What a made-up ClientHello says. Absent lists are not sent. */
export interface HelloSpec {
  readonly sni?: string;
  readonly alpn?: readonly string[];
  readonly versions?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  /** Content of the session_ticket extension, of TLS 1.2. */
  readonly ticket?: Buffer;
  /** The first identity of the pre_shared_key extension, of TLS 1.3. */
  readonly pskIdentity?: Buffer;
  readonly ech?: 'outer' | 'inner';
  /** Further extensions, which come before all others. */
  readonly extensions?: readonly (readonly [type: number, content: Buffer])[];
  /** Adds an extension of so many bytes that means nothing. */
  readonly paddingBytes?: number;
  readonly sessionId?: Buffer;
  readonly legacyVersion?: number;
  /** Without any extensions, as in TLS 1.0; the fields above have no effect then. */
  readonly bare?: boolean;
}

const u8 = (value: number): Buffer => Buffer.from([value]);
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

/** Bytes after their length, which takes so many bytes. */
export function sized(lengthBytes: 1 | 2 | 3, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
}

/** Content of a server_name extension. */
export function serverName(name: Buffer | string): Buffer {
  return sized(2, u8(0), sized(2, Buffer.from(name)));
}

function extensionsOf(spec: HelloSpec): Buffer[] {
  const all: [number, Buffer][] = [...(spec.extensions ?? [])].map(([type, content]) => [type, content]);
  const numbers = (values: readonly number[]): Buffer[] => values.map((value) => u16(value));
  if (spec.sni !== undefined) all.push([0, serverName(spec.sni)]);
  if (spec.alpn !== undefined)
    all.push([16, sized(2, ...spec.alpn.map((name) => sized(1, Buffer.from(name))))]);
  if (spec.signatureAlgorithms !== undefined) all.push([13, sized(2, ...numbers(spec.signatureAlgorithms))]);
  if (spec.ticket !== undefined) all.push([35, spec.ticket]);
  if (spec.versions !== undefined) all.push([43, sized(1, ...numbers(spec.versions))]);
  if (spec.ech !== undefined)
    all.push([0xfe0d, Buffer.concat([u8(spec.ech === 'outer' ? 0 : 1), Buffer.alloc(30)])]);
  if (spec.paddingBytes !== undefined) all.push([21, Buffer.alloc(spec.paddingBytes)]);
  if (spec.pskIdentity !== undefined) {
    const identities = sized(2, sized(2, spec.pskIdentity), Buffer.alloc(4));
    all.push([41, Buffer.concat([identities, sized(2, sized(1, Buffer.alloc(32)))])]);
  }
  return all.map(([type, content]) => Buffer.concat([u16(type), sized(2, content)]));
}

/** The message with its header of 4 bytes, not in a record yet. */
export function helloMessage(spec: HelloSpec = {}): Buffer {
  const body = [
    u16(spec.legacyVersion ?? 0x0303),
    Buffer.alloc(32, 7),
    sized(1, spec.sessionId ?? Buffer.alloc(32, 9)),
    sized(2, u16(0x1301), u16(0xc02f)),
    sized(1, u8(0)),
  ];
  if (spec.bare !== true) body.push(sized(2, ...extensionsOf(spec)));
  return Buffer.concat([u8(1), sized(3, ...body)]);
}

/** Puts bytes into handshake records of these sizes, one after the other; the last size counts for all that is left. */
export function inRecords(message: Buffer, ...sizes: number[]): Buffer {
  const records: Buffer[] = [];
  for (let at = 0, index = 0; at < message.length; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? message.length;
    records.push(u8(22), u16(0x0301), sized(2, message.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat(records);
}

/** A ClientHello as it comes over the wire, in one record. */
export function clientHelloBytes(spec: HelloSpec = {}): Buffer {
  return inRecords(helloMessage(spec));
}
