import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Address } from '../../../src/config/values/address.ts';

export interface RawServer {
  readonly server: Server;
  readonly address: Address & { kind: 'tcp' };
  /** Resolves when no connection is left and the port is free; waits for clients to go, never sends them away. */
  closed(): Promise<void>;
}

/** A TCP server on a free port that does with each connection what the test says. */
export async function rawServer(accept: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    accept(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return {
    server,
    address: { kind: 'tcp', host: '127.0.0.1', port },
    closed: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** An address on which nobody listens. */
export async function refusingAddress(): Promise<Address> {
  const { address, closed } = await rawServer(() => undefined);
  await closed();
  return address;
}
