/** All messages have the same length, so that several that come in one read can be told apart. */
const LABEL_LENGTH = 8;

/** The text that goes with a descriptor of the socket with that number. */
export function socketLabel(socket: number): string {
  return String(socket).padStart(LABEL_LENGTH, '0');
}

/** The numbers of the sockets, one for each message of one read. */
export function labelledSockets(bytes: ArrayBuffer): number[] {
  const text = Buffer.from(bytes).toString('latin1');
  const sockets: number[] = [];
  for (let at = 0; at < text.length; at += LABEL_LENGTH)
    sockets.push(Number(text.slice(at, at + LABEL_LENGTH)));
  return sockets;
}
