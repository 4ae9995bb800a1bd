import type { TlsOptions } from 'node:tls';

import type { ByteSocket } from '../sockets/byte-socket.ts';
import { owned } from '../owned.ts';
import { RecordingBackend, type BackendScript } from './recording-backend.ts';

/** A backend that ends with the test; with `secure` it speaks TLS. */
export async function backend(script?: BackendScript, secure?: TlsOptions): Promise<RecordingBackend> {
  return owned(await RecordingBackend.start(script, secure));
}

/** Sends back what it gets, under its name, and ends when the client ends. */
export function echoing(name = ''): BackendScript {
  return (connection: ByteSocket) => {
    if (name !== '') connection.send(`${name}:`);
    connection.socket.on('data', (bytes: Buffer) => connection.socket.write(bytes));
    connection.socket.on('end', () => connection.socket.end());
  };
}

/** Says its name to each connection, and nothing else. */
export function naming(name: string): BackendScript {
  return (connection: ByteSocket) => {
    connection.send(`${name}\n`);
    connection.socket.on('end', () => connection.socket.end());
  };
}
