import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import { owned } from '../owned.ts';
import { ByteSocket } from '../sockets/byte-socket.ts';

/** A client that has sent the first half of its first bytes, and waits. */
export interface HaltingClient {
  /** Sends the other half, and everything that follows. */
  goOn(): void;
  /** Ends its side of the TCP connection. The `end` of a TLS client of Node.js would lose what the server is sending at that moment. */
  endWire(): void;
  readonly tls: TLSSocket;
  readonly socket: ByteSocket;
}

/** A TLS client that halts in the middle of `before`, which precedes its ClientHello, or else in the middle of the ClientHello. */
export async function haltingClient(
  address: string,
  options: ConnectionOptions,
  before = Buffer.alloc(0),
): Promise<HaltingClient> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const raw = connectTcp({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
  await once(raw, 'connect');
  let held: Buffer | undefined = before;
  const wire = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, written) => {
      if (held === undefined) raw.write(bytes, written);
      else {
        held = Buffer.concat([held, bytes]);
        written();
      }
    },
    final: (ended) => raw.end(ended),
    destroy: (error, destroyed) => {
      raw.destroy();
      destroyed(error);
    },
  });
  raw.on('data', (bytes: Buffer) => wire.push(bytes));
  raw.on('end', () => wire.push(null));
  raw.on('error', (error) => wire.destroy(error));
  raw.on('close', () => wire.destroy());
  const tls = connect({ socket: wire, ...options });
  const socket = owned(new ByteSocket(tls));
  while (held.length === before.length) await new Promise(setImmediate);
  const half = before.length > 0 ? before.length >> 1 : held.length >> 1;
  raw.write(held.subarray(0, half));
  return {
    goOn: () => {
      raw.write((held ?? before).subarray(half));
      held = undefined;
    },
    endWire: () => void raw.end(),
    tls,
    socket,
  };
}
