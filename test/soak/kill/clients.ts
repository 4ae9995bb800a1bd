import { Agent, request as httpRequest, type ClientRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

import { rest } from '../traffic.ts';
import type { ConnectionBook } from './connection-book.ts';

/** After so many requests a client connects anew. */
const REQUESTS_A_CONNECTION = 40;
/** All workers may wait for their replacement for 30 s; connects wait in the accept queue meanwhile. */
const ANSWER_LIMIT_MS = 50_000;

/** Keeps asking on kept connections, and says what became of each to the book. */
export async function httpClient(
  port: number,
  book: ConnectionBook,
  number: number,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const local = { port: 0 };
    for (let count = 0; count < REQUESTS_A_CONNECTION; count += 1) {
      if (isOver(stopping)) break;
      try {
        await ask(agent, port, `${number}-${count}`, book, local);
      } catch (error) {
        noteFailure(book, local.port, error);
        break;
      }
      await rest(5);
    }
    book.closed(local.port);
    agent.destroy();
  }
}

function ask(
  agent: Agent,
  port: number,
  nonce: string,
  book: ConnectionBook,
  local: { port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request: ClientRequest = httpRequest({
      agent,
      host: '127.0.0.1',
      port,
      headers: { 'X-Nonce': nonce },
    });
    request.on('socket', (socket) => {
      if (socket.connecting)
        socket.once('connect', () => {
          local.port = openedAt(socket, book);
        });
    });
    request.setTimeout(ANSWER_LIMIT_MS, () =>
      request.destroy(new Error(`no answer in ${ANSWER_LIMIT_MS} ms`)),
    );
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (bytes: Buffer) => (text += bytes.toString()));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        if (statusCode === 200 && text === 'ok' && headers['x-nonce'] === nonce) book.answers += 1;
        else book.faults.push(`a request got ${statusCode} with ${JSON.stringify(text.slice(0, 100))}`);
        resolve();
      });
    });
    request.end();
  });
}

/** Sends a message and waits for it to come back, again and again on one connection; connects anew when that breaks. */
export async function webSocketClient(
  port: number,
  book: ConnectionBook,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    let localPort = 0;
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, {
      handshakeTimeout: ANSWER_LIMIT_MS,
      createConnection: (): Socket => {
        const socket = connect({ port, host: '127.0.0.1' });
        return socket.once('connect', () => {
          localPort = openedAt(socket, book);
        });
      },
    });
    try {
      await spoken(client, book, stopping);
      book.closed(localPort);
    } catch (error) {
      noteFailure(book, localPort, error);
    }
    client.terminate();
  }
}

function spoken(client: WebSocket, book: ConnectionBook, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let count = 0;
    client.on('open', () => {
      client.send('0');
    });
    client.on('error', reject);
    client.on('close', (code) => {
      reject(new Error(`the WebSocket was closed with ${code}`));
    });
    client.on('message', (data: Buffer) => {
      if (data.toString() === String(count)) book.answers += 1;
      else book.faults.push(`a WebSocket got ${data.toString().slice(0, 100)} instead of ${count}`);
      if (stopping.aborted) {
        resolve();
        return;
      }
      count += 1;
      setTimeout(() => client.readyState === WebSocket.OPEN && client.send(String(count)), 50);
    });
  });
}

function openedAt(socket: Socket, book: ConnectionBook): number {
  const port = socket.localPort ?? 0;
  book.opened(port);
  return port;
}

/** A signal may abort while its reader waits. */
function isOver(stopping: AbortSignal): boolean {
  return stopping.aborted;
}

/** A connect must not be refused, whoever has ended; any other failure is one of the connection. */
function noteFailure(book: ConnectionBook, localPort: number, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  if (localPort === 0 || why.includes('ECONNREFUSED')) book.faults.push(why);
  else book.broke(localPort, why);
}
