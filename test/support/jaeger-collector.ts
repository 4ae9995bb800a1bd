import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readThriftStruct } from './thrift-reader.ts';
import type { ThriftStruct, ThriftValue } from './thrift-reader.ts';

/** A span as Jaeger's collector would see it. */
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

/** Takes Jaeger Thrift over HTTP and decodes it. */
export class JaegerCollector {
  readonly spans: CollectedSpan[] = [];
  requests = 0;
  /** What it answers; 0 means that it never does. */
  status = 202;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.requests++;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (this.status === 0) return;
        if (this.status < 300) this.spans.push(...decodeBatch(Buffer.concat(chunks)));
        response.writeHead(this.status).end();
      });
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/traces`;
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

/** `Batch` of Jaeger's jaeger.thrift. */
function decodeBatch(bytes: Buffer): CollectedSpan[] {
  const batch = readThriftStruct(bytes);
  const service = text(struct(batch.get(1)).get(1));
  return list(batch.get(2)).map((each) => {
    const span = struct(each);
    return {
      service,
      name: text(span.get(5)),
      traceId: hex(span.get(2)) + hex(span.get(1)),
      spanId: hex(span.get(3)),
      parentSpanId: hex(span.get(4)),
      startUs: Number(span.get(8)),
      durationUs: Number(span.get(9)),
      tags: tags(span.get(10)),
      events: list(span.get(11)).map((log) => tags(struct(log).get(2))),
    };
  });
}

function tags(value: ThriftValue | undefined): Record<string, unknown> {
  return Object.fromEntries(
    list(value).map((each) => {
      const tag = struct(each);
      // The type is the number of the value's field, counted from 3.
      return [text(tag.get(1)), tag.get(3 + Number(tag.get(2)))];
    }),
  );
}

function struct(value: ThriftValue | undefined): ThriftStruct {
  if (!(value instanceof Map)) throw new Error('a struct was expected');
  return value;
}

function list(value: ThriftValue | undefined): ThriftValue[] {
  return Array.isArray(value) ? value : [];
}

function text(value: ThriftValue | undefined): string {
  if (typeof value !== 'string') throw new Error('a text was expected');
  return value;
}

function hex(value: ThriftValue | undefined): string {
  if (typeof value !== 'bigint') throw new Error('an i64 was expected');
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0');
}
