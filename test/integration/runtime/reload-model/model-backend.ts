import { readMessage } from '../../../support/peers/http-message.ts';
import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';

/** A web server that says who it is, echoes on upgraded connections, and holds answers back until it is told. */
export class ModelBackend {
  readonly name: string;
  readonly #gates: Map<string, () => void>;
  readonly #server: RecordingBackend;

  private constructor(name: string, server: RecordingBackend, gates: Map<string, () => void>) {
    this.name = name;
    this.#server = server;
    this.#gates = gates;
  }

  static async start(name: string): Promise<ModelBackend> {
    const gates = new Map<string, () => void>();
    const server = await RecordingBackend.start(async (connection) => {
      while (!connection.closed) {
        const request = await readMessage(connection);
        const path = request.startLine.split(' ')[1] ?? '';
        if (request.lines.some((line) => /^upgrade:/i.test(line))) {
          echo(connection, name);
          return;
        }
        const body = `${name} ${path}`;
        const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
        const gate = /gate=(\d+)/.exec(path)?.[1];
        if (gate === undefined) connection.send(head + body);
        else {
          connection.send(head + body.slice(0, 1));
          await new Promise<void>((open) => gates.set(gate, open));
          connection.send(body.slice(1));
        }
      }
    });
    return new ModelBackend(name, server, gates);
  }

  get address(): string {
    return this.#server.address;
  }

  /** Connections that it has seen so far. */
  get seen(): number {
    return this.#server.connections.length;
  }

  /** Lets an answer that it holds go on; false when it holds none under that key. */
  open(gate: string): boolean {
    const open = this.#gates.get(gate);
    this.#gates.delete(gate);
    open?.();
    return open !== undefined;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

function echo(connection: ByteSocket, name: string): void {
  const ahead = connection.take(connection.received.length);
  connection.send(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${name}:`,
  );
  connection.send(ahead);
  connection.socket.on('data', (bytes: Buffer) => connection.socket.write(bytes));
  connection.socket.on('end', () => connection.socket.end());
}
