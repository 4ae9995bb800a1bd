import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';

import { owned } from '../../../support/owned.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';

/** A WebSocket server that sends back what it gets, behind a proxy. */
export async function echo(): Promise<{
  proxy: RunningProxy;
  server: WebSocketServer;
  connect: (options?: ClientOptions) => Promise<WebSocket>;
}> {
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: () => 'second',
  });
  server.on('connection', (socket, request) => {
    socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
    if (request.url === '/greets') socket.send('welcome');
  });
  owned({
    close: () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
      http.close();
      http.closeAllConnections();
    },
  });
  const port = (http.address() as AddressInfo).port;
  const proxy = owned(
    await startProxy(
      `listen: "127.0.0.1:0"\nmetrics: { listen: "127.0.0.1:0" }\nbackends: [{ name: ws, address: "127.0.0.1:${port}" }]\n`,
    ),
  );
  const connect = async (options: ClientOptions = {}): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://${proxy.address()}/echo`, ['first', 'second'], options);
    owned({ close: () => socket.terminate() });
    await once(socket, 'open');
    return socket;
  };
  return { proxy, server, connect };
}

export async function reply(socket: WebSocket, message: string | Buffer): Promise<Buffer> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(message);
  return (await answer)[0];
}
