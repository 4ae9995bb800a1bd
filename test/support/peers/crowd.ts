import { connect } from 'node:net';

/** Asks once, on a connection of its own. Resolves with all that came back; '' when nothing did, or the connection was reset. */
export function askOnce(
  address: string,
  request = 'GET / HTTP/1.1\r\nHost: crowd\r\nConnection: close\r\n\r\n',
): Promise<string> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port: Number(port) }, () => socket.write(request));
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => {
      resolve(text);
    });
    socket.on('close', () => {
      resolve(text);
    });
  });
}

/** So many clients at once. Resolves with how many got each answer: a status of HTTP, other text, or ''. */
export async function crowd(count: number, ask: () => Promise<string>): Promise<ReadonlyMap<string, number>> {
  const answers = await Promise.all(Array.from({ length: count }, () => ask()));
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const said = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? answer;
    counts.set(said, (counts.get(said) ?? 0) + 1);
  }
  return counts;
}
