import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import type { Address } from '../../../src/config/values/address.ts';
import type { DialedTransport } from '../../../src/net/dial/dialer.ts';
import { transportOverSocket } from '../../../src/net/listen/sockets/accepted-transport.ts';
import { dial } from './dial.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import { SocketTransport } from '../../../src/net/transport/socket-transport.ts';
import { PATIENCE_MS } from '../time/patience.ts';
import { encrypt } from './tls-ends.ts';
import { fixedNames } from '../addresses/fixed-names.ts';

/** A stream and the plain socket at its other end. */
export interface StreamEnds {
  readonly stream: DialedTransport;
  readonly peer: Socket;
}

/** The ways to a stream: all must behave alike. */
export const STREAM_PATHS = [
  'accepted',
  'accepted, by data events',
  'accepted, over TLS',
  'dialled',
] as const;
export type StreamPath = (typeof STREAM_PATHS)[number];
export type Transport = 'tcp' | 'unix';

/** Makes streams that share their read buffers, and gives all back at the end of the test. */
export class StreamLab {
  readonly buffers: ReadBuffers;
  /** Exceptions of readers. */
  readonly faults: unknown[] = [];
  #warm: Promise<void> | undefined;
  readonly #streams: DialedTransport[] = [];
  readonly #sockets: Socket[] = [];

  constructor(buffers = new ReadBuffers()) {
    this.buffers = buffers;
    onTestFinished(() => {
      for (const stream of this.#streams) stream.destroy();
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  async open(path: StreamPath, transport: Transport = 'tcp'): Promise<StreamEnds> {
    this.#warm ??= this.#warmUp();
    await this.#warm;
    return this.#connect(path, transport);
  }

  /** The quick way to write text is learned from the first ordinary write: after it, every stream takes it. */
  async #warmUp(): Promise<void> {
    const { stream, peer } = await this.#connect('dialled', 'tcp');
    stream.writeText('first');
    await once(peer, 'data');
    stream.destroy();
    peer.destroy();
  }

  async #connect(path: StreamPath, transport: Transport): Promise<StreamEnds> {
    const { server, address } = await this.#listen(transport, path !== 'dialled');
    const onFault = (error: unknown): void => {
      this.faults.push(error);
    };
    const arrival = once(server, 'connection') as Promise<[Socket]>;
    let ends: StreamEnds;
    if (path === 'dialled') {
      const names = fixedNames();
      const { transport: stream } = await dial(address, {
        connectTimeoutMs: PATIENCE_MS,
        names,
        buffers: this.buffers,
        onFault,
      });
      ends = { stream, peer: (await arrival)[0] };
    } else {
      const peer = connect(
        address.kind === 'unix'
          ? { path: address.path, allowHalfOpen: true }
          : { host: address.host, port: address.port, allowHalfOpen: true, noDelay: true },
      );
      const [accepted] = await arrival;
      let stream: SocketTransport;
      if (path !== 'accepted, by data events') {
        stream = transportOverSocket(accepted, this.buffers, onFault);
      } else {
        stream = new SocketTransport(this.buffers, onFault);
        stream.attachPlain(accepted);
      }
      if (peer.connecting) await once(peer, 'connect');
      ends = { stream, peer: path === 'accepted, over TLS' ? await encrypt(stream, peer) : peer };
    }
    server.close();
    this.#streams.push(ends.stream);
    this.#sockets.push(ends.peer);
    ends.peer.on('error', () => undefined);
    return ends;
  }

  async #listen(
    transport: Transport,
    pauseOnConnect: boolean,
  ): Promise<{ server: Server; address: Address }> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect, noDelay: true });
    if (transport === 'unix') {
      const directory = mkdtempSync(join(tmpdir(), 'balance-socket-'));
      onTestFinished(() => {
        rmSync(directory, { recursive: true, force: true });
      });
      const path = join(directory, 's');
      server.listen(path);
      await once(server, 'listening');
      return { server, address: { kind: 'unix', path } };
    }
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    return { server, address: { kind: 'tcp', host: '127.0.0.1', port: bound.port } };
  }
}
