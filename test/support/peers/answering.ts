import type { ByteSocket } from '../sockets/byte-socket.ts';
import { readMessage, type Message } from './http-message.ts';
import type { BackendScript } from './recording-backend.ts';

/** Returns the answer to a request; undefined: the test answers by hand. */
export type Respond = (
  request: Message,
  connection: ByteSocket,
) => string | Buffer | undefined | Promise<string | Buffer | undefined>;

/** A script for a backend that reads whole requests, one after the other, and answers each. All requests are noted in `seen`. */
export function answering(respond: Respond, seen: Message[] = []): BackendScript {
  return async (connection) => {
    for (;;) {
      await connection.until(
        () => connection.received.length > 0 || connection.ending !== undefined,
        'a request',
      );
      if (connection.received.length === 0) {
        connection.end();
        return;
      }
      const request = await readMessage(connection);
      seen.push(request);
      const response = await respond(request, connection);
      if (response !== undefined) connection.send(response);
    }
  };
}

/** A plain response with a body of known length. */
export function ok(body = 'ok', lines = ''): string {
  return `HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: ${Buffer.byteLength(body, 'latin1')}\r\n${lines}\r\n${body}`;
}
