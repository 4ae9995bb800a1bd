import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import { systemCodeOf } from '../../../src/errors.ts';
import { ByteSocket, type Ending } from '../sockets/byte-socket.ts';
import { owned } from '../owned.ts';

/** A connection that ends with the test. */
export async function client(address: string): Promise<ByteSocket> {
  return owned(await ByteSocket.connect(address));
}

/** A TLS connection that ends with the test. Its `tls` is the socket, whose handshake is done. */
export async function secureClient(
  address: string,
  options: ConnectionOptions,
): Promise<{ socket: ByteSocket; tls: TLSSocket }> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const tls = connect({ host, port: Number(port), ...options });
  await once(tls, 'secureConnect');
  return { socket: owned(new ByteSocket(tls)), tls };
}

/** Connects and returns the first line that the server says. */
export async function firstLine(address: string): Promise<string> {
  const socket = await client(address);
  const line = await socket.untilText('\n');
  socket.close();
  return line.trim();
}

/** Connects and says how that ends; a reset may come before the connection was even noticed. */
export async function fate(address: string): Promise<Ending> {
  try {
    return await (await client(address)).untilClosed();
  } catch (error) {
    if (systemCodeOf(error) === 'ECONNRESET') return 'reset';
    throw error;
  }
}
