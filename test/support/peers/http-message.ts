import type { ByteSocket } from '../sockets/byte-socket.ts';

/** An HTTP/1 message as bytes on the wire, taken apart. */
export interface Message {
  readonly startLine: string;
  /** Field lines in order, as they came. */
  readonly lines: readonly string[];
  /** The body as it came, chunk framing included. */
  readonly rawBody: Buffer;
  /** The body without chunk framing. */
  readonly body: Buffer;
  /** Field lines after the last chunk. */
  readonly trailers: readonly string[];
  /** The whole message. */
  readonly raw: Buffer;
}

export interface MessageRules {
  /** The message is the response to a HEAD request, or another one without body. */
  readonly noBody?: boolean;
}

/** The values of all fields of that name, in order. */
export function fieldValues(message: Message, name: string): string[] {
  const prefix = `${name.toLowerCase()}:`;
  return message.lines
    .filter((line) => line.toLowerCase().startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim());
}

export function statusOf(message: Message): number {
  return Number(message.startLine.split(' ')[1]);
}

/** The first whole message in `bytes`; undefined while it is not complete. Until-close bodies are left to the caller: they count as empty. */
export function firstMessage(bytes: Buffer, rules: MessageRules = {}): Message | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [startLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const bodyStart = headEnd + 4;
  const value = (name: string): string | undefined =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const whole = (length: number, body: Buffer, trailers: string[]): Message => ({
    startLine,
    lines,
    rawBody: bytes.subarray(bodyStart, bodyStart + length),
    body,
    trailers,
    raw: bytes.subarray(0, bodyStart + length),
  });
  const status = startLine.startsWith('HTTP/') ? Number(startLine.split(' ')[1]) : 0;
  const empty = rules.noBody === true || (status >= 100 && status < 200) || status === 204 || status === 304;
  if (!empty && value('transfer-encoding')?.toLowerCase().includes('chunked') === true) {
    const chunked = dechunked(bytes, bodyStart);
    return chunked === undefined ? undefined : whole(chunked.end - bodyStart, chunked.body, chunked.trailers);
  }
  const length = empty ? 0 : Number(value('content-length') ?? 0);
  if (bytes.length < bodyStart + length) return undefined;
  return whole(length, bytes.subarray(bodyStart, bodyStart + length), []);
}

/** Takes the next whole message from the socket. */
export async function readMessage(socket: ByteSocket, rules: MessageRules = {}): Promise<Message> {
  await socket.until(() => firstMessage(socket.received, rules) !== undefined, 'a whole message');
  const message = firstMessage(socket.received, rules)!;
  socket.take(message.raw.length);
  return message;
}

/** Takes the next head alone from the socket: start line and field lines, with the blank line. */
export async function readHead(socket: ByteSocket): Promise<string> {
  const head = await socket.untilText('\r\n\r\n');
  socket.take(head.length);
  return head;
}

function dechunked(
  bytes: Buffer,
  start: number,
): { body: Buffer; trailers: string[]; end: number } | undefined {
  const pieces: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (bytes.length < at + size + 2) return undefined;
    pieces.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
  const trailers: string[] = [];
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const line = bytes.toString('latin1', at, lineEnd);
    at = lineEnd + 2;
    if (line === '') return { body: Buffer.concat(pieces), trailers, end: at };
    trailers.push(line);
  }
}
