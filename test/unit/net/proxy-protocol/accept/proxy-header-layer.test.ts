import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import { Listener } from '../../../../../src/net/listen/listener.ts';
import { ProxyHeaderLayer } from '../../../../../src/net/proxy-protocol/accept/proxy-header-layer.ts';
import { ProxyRefusals } from '../../../../../src/net/proxy-protocol/accept/proxy-refusals.ts';
import { ReadBuffers } from '../../../../../src/net/transport/memory/read-buffers.ts';
import type { Connection, Transport } from '../../../../../src/plugin-api/index.ts';
import { headerV2, tlv, withChecksum } from '../../../../support/proxy-headers.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';
import { ByteSocket } from '../../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../../support/time/eventually.ts';
import { PATIENCE_MS } from '../../../../support/time/patience.ts';

const V1 = 'PROXY TCP4 192.0.2.7 192.0.2.1 54321 443\r\n';

/** A listener whose protocol sends back what it gets. */
async function lab({ trusted = ['127.0.0.0/8'], timeoutMs = PATIENCE_MS } = {}) {
  const transports: Transport[] = [];
  const logger = new RecordingLogger();
  const refusals = new ProxyRefusals(logger);
  let lastId = 0;
  const listener = new Listener({
    name: 'web',
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    maxConnections: 0,
    instance: {
      protocol: 'echo',
      active: 0,
      close: () => Promise.resolve(),
      handle: ({ transport }: Connection) => {
        transports.push(transport);
        transport.read({
          data: (bytes, start, end) => void transport.writeBorrowed(bytes, start, end),
          end: () => {
            transport.end();
          },
          drained: () => undefined,
          closed: () => undefined,
        });
        return { drain: () => undefined };
      },
    },
    entrance: { layers: [new ProxyHeaderLayer({ listener: 'web', trusted, timeoutMs }, refusals)] },
    buffers: new ReadBuffers(),
    logger,
    nextConnectionId: () => (lastId += 1),
  });
  onTestFinished(() => {
    listener.destroy();
  });
  await listener.listen();
  const peer = async (): Promise<ByteSocket> => {
    const socket = await ByteSocket.connect(listener.bound);
    onTestFinished(() => {
      socket.close();
    });
    return socket;
  };
  return { listener, refusals, logger, transports, peer };
}

function warnings({ lines }: RecordingLogger): string[] {
  return lines.filter((line) => line.startsWith('warn '));
}

describe('a connection from a trusted address', () => {
  it('is that of the client in its header', async () => {
    const { peer, transports } = await lab();
    const socket = await peer();
    socket.send(`${V1}hello`);
    await socket.untilText('hello');
    expect(socket.text).toBe('hello');
    expect(transports[0]).toMatchObject({
      peer: { address: '192.0.2.7', port: 54321 },
      local: { address: '192.0.2.1', port: 443 },
      proxy: { version: 1, sender: { address: '127.0.0.1', port: socket.socket.localPort } },
    });
  });

  it('may bring its header in any pieces, and what follows is not changed', async () => {
    const { peer, transports } = await lab();
    const header = withChecksum([tlv(0x02, 'example.com')]);
    const stream = Buffer.concat([header, Buffer.from(V1)]);
    for (let cut = 1; cut < stream.length; cut += 7) {
      const socket = await peer();
      socket.send(stream.subarray(0, cut));
      await pause(1);
      socket.send(stream.subarray(cut));
      await socket.untilText(V1);
      expect(socket.text).toBe(V1);
      expect(transports.at(-1)).toMatchObject({
        peer: { address: '192.0.2.7', port: 54321 },
        proxy: { version: 2, authority: 'example.com' },
      });
      socket.close();
    }
    const slow = await peer();
    await slow.sendPieces(stream.toString('latin1'));
    await slow.untilText(V1);
    expect(slow.text).toBe(V1);
  });

  it.each([
    ['an unknown client', Buffer.from('PROXY UNKNOWN\r\n'), true],
    ['no family', headerV2(0x21, 0x00), true],
    ['the proxy itself', headerV2(0x20, 0x00), false],
  ])('keeps its own address with a header about %s', async (_name, header, hasHeader) => {
    const { listener, peer, transports } = await lab();
    const socket = await peer();
    socket.send(header);
    socket.send('hello');
    await socket.untilText('hello');
    const [transport] = transports;
    expect(transport?.peer).toEqual(
      expect.objectContaining({ address: '127.0.0.1', port: socket.socket.localPort }),
    );
    expect(transport?.local).toMatchObject({
      address: '127.0.0.1',
      port: Number(listener.bound.split(':')[1]),
    });
    expect(transport?.proxy !== undefined).toBe(hasHeader);
  });

  it.each([
    ['missing', 'GET / HTTP/1.1\r\n\r\n'],
    ['malformed', 'PROXY TCP4 999.1.1.1 192.0.2.1 1 2\r\n'],
    ['too_large', headerV2(0x21, 0x11, Buffer.alloc(5000))],
    ['checksum', withChecksum([tlv(5, 'id')]).fill(9, 31, 35)],
  ] as const)('is refused without an acceptable header: %s', async (reason, bytes) => {
    const { listener, peer, refusals, transports, logger } = await lab();
    const socket = await peer();
    socket.send(bytes);
    await socket.untilEnded();
    expect(socket.received.length).toBe(0);
    await eventually(() => listener.connections === 0, 'it is forgotten');
    expect([refusals.count(reason), transports.length]).toEqual([1, 0]);
    expect(warnings(logger)).toEqual([
      expect.stringContaining(
        `connection refused: no acceptable PROXY header {"listener":"web","client_ip":"127.0.0.1","reason":"${reason}","detail":"`,
      ),
    ]);
  });

  it('is refused when its header does not come in time', async () => {
    const { peer, refusals } = await lab({ timeoutMs: 50 });
    const [silent, slow] = [await peer(), await peer()];
    slow.send('PROXY TCP4');
    await silent.untilEnded();
    await slow.untilEnded();
    expect(refusals.count('timeout')).toBe(2);
  });

  it('is counted when it ends within its header, and is no fault when it sent nothing', async () => {
    const { listener, peer, refusals, logger } = await lab();
    const checking = await peer();
    checking.end();
    await checking.untilEnded();
    const [ended, reset] = [await peer(), await peer()];
    ended.send('PROXY');
    ended.end();
    reset.send('PROXY');
    await eventually(() => listener.traffic.bytesReceived >= 10, 'both have begun');
    reset.reset();
    await eventually(() => listener.connections === 0, 'all are forgotten');
    expect(refusals.count('incomplete')).toBe(2);
    expect(warnings(logger)).toHaveLength(1);
  });
});

describe('a connection from another address', () => {
  it.each(['a header', 'no header'])('is refused with %s, before a byte of it is read', async (kind) => {
    const { listener, peer, refusals, transports } = await lab({ trusted: ['192.0.2.0/24'] });
    const socket = await peer();
    socket.send(kind === 'a header' ? V1 : 'GET / HTTP/1.1\r\n\r\n');
    await socket.untilEnded();
    expect(socket.received.length).toBe(0);
    await eventually(() => listener.connections === 0, 'it is forgotten');
    expect([refusals.count('untrusted'), transports.length]).toEqual([1, 0]);
  });

  it('fills no log, whatever the number of its connections', async () => {
    const { peer, refusals, logger } = await lab({ trusted: ['192.0.2.0/24'] });
    for (let time = 0; time < 20; time += 1) await (await peer()).untilEnded();
    expect(refusals.count('untrusted')).toBe(20);
    expect(warnings(logger)).toHaveLength(1);
  });
});
