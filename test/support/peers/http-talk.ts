import { answering, ok } from './answering.ts';
import type { ByteSocket } from '../sockets/byte-socket.ts';
import { fieldValues, readMessage, statusOf, type Message } from './http-message.ts';
import type { BackendScript } from './recording-backend.ts';

/** The parts of a response that tests look at. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly message: Message;
  /** True when the response says that the connection ends after it. */
  readonly closes: boolean;
}

/** One GET on a connection that is kept. */
export async function get(socket: ByteSocket, path = '/', lines = ''): Promise<Answer> {
  socket.send(`GET ${path} HTTP/1.1\r\nHost: test\r\n${lines}\r\n`);
  return answer(socket);
}

/** The next response on a connection. */
export async function answer(socket: ByteSocket): Promise<Answer> {
  const message = await readMessage(socket);
  return {
    status: statusOf(message),
    body: message.body.toString('latin1'),
    message,
    closes: fieldValues(message, 'connection').includes('close'),
  };
}

/** Answers each request with a body that says who it is. */
export function named(name: string): BackendScript {
  return answering(() => ok(name));
}
