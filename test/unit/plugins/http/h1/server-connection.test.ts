import { expect, it } from 'vitest';

import { NO_FILTERS } from '../../../../../plugins/http/filters/filter-chain.ts';
import { makeHttpParts } from '../../../../../plugins/http/http-parts.ts';
import { HttpInstance } from '../../../../../plugins/http/instance/http-instance.ts';
import { LINGER_LOOK_MS } from '../../../../../plugins/http/h1/write/lingering.ts';
import type { HttpOptions } from '../../../../../plugins/http/config/schema/options.generated.ts';
import type {
  ByteStream,
  Connection,
  ProtocolHost,
  StreamReader,
} from '../../../../../src/plugin-api/index.ts';
import { stoppedClock } from '../../../../support/time/stopped-clock.ts';

/** What the connection looks at. */
const OPTIONS = {
  routes: [],
  timeouts: { read: 30_000, write: 12_000, idle: 75_000, tunnel: 3_600_000, request: 0 },
  limits: {
    header_size: 32_768,
    header_count: 100,
    requests_per_connection: 0,
    target_length: 8192,
    body_size: 0,
    connection_age: 0,
    min_rate: { request: 500, response: 500, window: 30_000 },
  },
  trusted_proxies: [],
  forwarded: false,
  normalize_path: false,
  ambiguous_paths: 'refuse',
  underscore_headers: 'drop-colliding',
  error_pages: [],
} as unknown as HttpOptions;

/** A stream that sends nothing by itself: the test says how much still waits. */
class StuckStream implements ByteStream {
  writableLength = 0;
  bytesTaken = 0;
  writeEnded = false;
  destroyed = false;
  read(): void {}
  pause(): void {}
  resume(): void {}
  writeText(text: string): boolean {
    this.writableLength += text.length;
    return true;
  }
  write(): boolean {
    return true;
  }
  writeBorrowed(): boolean {
    return true;
  }
  end(): void {
    this.writeEnded = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
  reset(): void {
    this.destroyed = true;
  }
  close(): void {
    this.writeEnded = true;
  }
}

/** A connection whose only request was refused, so that it ends; `expire` lets its timer fire. */
function endingConnection(): { stream: StuckStream; expire: () => void } {
  const clock = stoppedClock();
  let expire = (): void => {};
  const host = {
    proxyId: 'test',
    workers: 1,
    listener: 'test',
    logger: { debugEnabled: false },
    telemetry: { detailed: false, tracer: undefined, exchange: () => {}, tunnel: () => {} },
    defaultUpstream: undefined,
    deadline: (expired: () => void) => {
      expire = expired;
      return { set: () => {}, clear: () => {}, destroy: () => {} };
    },
  } as unknown as ProtocolHost;
  const parts = makeHttpParts(NO_FILTERS);
  const instance = new HttpInstance(OPTIONS, host, parts);
  const stream = new StuckStream();
  const ends = { peer: { address: '127.0.0.1', port: 1 }, local: { address: '127.0.0.1', port: 2 } };
  const transport = Object.assign(stream, ends);
  const connection = { transport, current: instance } as unknown as Connection;
  const handler = parts.connect(connection, instance);
  const bytes = Buffer.from('nonsense\r\n\r\n');
  (handler as unknown as StreamReader).data(bytes, 0, bytes.length);
  return {
    stream,
    expire: () => {
      clock.advance(LINGER_LOOK_MS);
      expire();
    },
  };
}

it('does not cut off the end of its last response while the client still takes it', () => {
  const { stream, expire } = endingConnection();
  expect(stream.writeEnded).toBe(true);
  stream.writableLength = 20_000;
  for (const unsent of [15_000, 10_000, 5_000, 0]) {
    stream.bytesTaken += stream.writableLength - unsent;
    stream.writableLength = unsent;
    expire();
    expect(stream.destroyed).toBe(false);
  }
  expire();
  expect(stream.destroyed).toBe(true);
});

it('gives up on a client that takes nothing for the write timeout', () => {
  const { stream, expire } = endingConnection();
  expire();
  expire();
  expect(stream.destroyed).toBe(false);
  expire();
  expect(stream.destroyed).toBe(true);
});

it('closes soon when all was sent', () => {
  const { stream, expire } = endingConnection();
  stream.writableLength = 0;
  expire();
  expire();
  expect(stream.destroyed).toBe(true);
});
