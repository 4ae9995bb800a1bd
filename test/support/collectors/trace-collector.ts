import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector sees it, with Jaeger's names for what the protocols carry in different ways. */
export interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Sixteen zeros for a root. */
  readonly parentSpanId: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly tags: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** Takes spans over HTTP and decodes them. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  requests = 0;
  /** The status of its answers; 0: it never answers. */
  status: number;
  headers: IncomingHttpHeaders = {};
  readonly #path: string;
  readonly #server: Server;

  constructor(path: string, status: number, decode: (bytes: Buffer) => CollectedSpan[]) {
    this.#path = path;
    this.status = status;
    this.#server = createServer((request, response) => {
      this.requests++;
      this.headers = request.headers;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (this.status === 0) return;
        if (this.status < 300) this.spans.push(...decode(Buffer.concat(chunks)));
        response.writeHead(this.status).end();
      });
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
