import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { ReadMessage } from './message.ts';
import { LENIENT } from './reading.ts';
import { readRequests } from './read-messages.ts';

/** The answer of a backend to a request. */
export interface Reply {
  readonly bytes: string;
  /** Close afterwards. */
  readonly close?: boolean;
}

export type Replies = (request: ReadMessage, number: number) => Reply;

/** The field that tells a backend's answers from a proxy's own. */
export const MARK = 'X-Differential';

/** 200 with a small body, marked. */
export const plainReply: Replies = (request, number) => ({
  bytes:
    `HTTP/1.1 200 OK\r\n${MARK}: ${String(number)}\r\nContent-Length: 3\r\n\r\n` +
    (request.method === 'HEAD' ? '' : 'ok\n'),
});

/** The bytes that arrived on one connection during one case. */
export interface Forwarded {
  readonly bytes: string;
  /** True once the proxy has closed the connection. */
  readonly closed: boolean;
}

interface Link {
  readonly socket: Socket;
  bytes: string;
  /** Up to here requests were answered. */
  answered: number;
  /** True after bytes that could not be understood: the backend answers nothing any more. */
  refused: boolean;
  closed: boolean;
}

/**
 * A backend that keeps exactly what arrives, and answers whatever can be taken for a request: leniently, so that
 * as much as possible of what a proxy lets through becomes visible.
 */
export class ObservingBackend {
  /** How to answer; may change from case to case. */
  replies: Replies = plainReply;
  /** Called whenever something happens. */
  onActivity: () => void = () => undefined;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #answers = 0;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accept(socket);
    });
  }

  static async start(): Promise<ObservingBackend> {
    const backend = new ObservingBackend();
    backend.#server.listen(0, '127.0.0.1');
    await once(backend.#server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open at both ends. */
  get open(): number {
    return [...this.#links].filter((link) => !link.closed).length;
  }

  /** True when no connection is in the middle of a request. */
  get isQuiet(): boolean {
    return [...this.#links].every((link) => link.closed || link.answered === link.bytes.length);
  }

  /** Forgets what arrived so far. */
  beginCase(): void {
    for (const link of this.#links) {
      if (link.closed) this.#links.delete(link);
      link.bytes = link.bytes.slice(link.answered);
      link.answered = 0;
    }
  }

  /** The bytes that arrived since {@link beginCase}, for each connection that was not idle. */
  forwarded(): Forwarded[] {
    return [...this.#links]
      .filter((link) => link.bytes !== '')
      .map((link) => ({ bytes: link.bytes, closed: link.closed }));
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const link of this.#links) link.socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const link: Link = { socket, bytes: '', answered: 0, refused: false, closed: false };
    this.#links.add(link);
    socket.on('data', (bytes: Buffer) => {
      link.bytes += bytes.toString('latin1');
      if (!link.refused) this.#answer(link);
      this.onActivity();
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      link.closed = true;
      this.onActivity();
    });
  }

  #answer(link: Link): void {
    const found = readRequests(link.bytes, LENIENT, link.answered);
    for (const request of found.messages) {
      link.answered = request.end;
      this.#answers += 1;
      const reply = this.replies(request, this.#answers);
      link.socket.write(reply.bytes, 'latin1');
      if (reply.close === true) {
        link.refused = true;
        link.socket.end();
        return;
      }
    }
    if (found.state === 'complete') link.answered = link.bytes.length;
    if (found.state !== 'refused') return;
    link.refused = true;
    link.socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  }
}
