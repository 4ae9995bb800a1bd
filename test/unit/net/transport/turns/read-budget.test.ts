import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

import type { StreamReader } from '../../../../../src/plugin-api/index.ts';
import { ReadBuffers } from '../../../../../src/net/transport/memory/read-buffers.ts';
import { ReadBudget } from '../../../../../src/net/transport/turns/read-budget.ts';
import { SocketTransport } from '../../../../../src/net/transport/socket-transport.ts';

const BODY_BYTES = 1024 * 1024;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('a turn of the event loop that sockets share', () => {
  it('stops nobody while its budget lasts, and has a new one in the next turn', async () => {
    const turn = new ReadBudget(100);
    expect([turn.takes(60), turn.takes(40), turn.takes(1)]).toEqual([true, true, false]);
    await nextTurn();
    expect(turn.takes(100)).toBe(true);
  });

  it('lets those who wait go on in the order in which they came, some in each turn', async () => {
    const turn = new ReadBudget(0);
    const woken: number[] = [];
    turn.takes(1);
    for (let index = 0; index < 40; index += 1) turn.wait({ turnBegins: () => woken.push(index) });
    const turns: number[] = [];
    while (woken.length < 40) {
      await nextTurn();
      turns.push(woken.length);
    }
    expect(woken).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(turns).toEqual([16, 32, 40]);
  });
});

describe('streams that share turns with no budget', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** A stream over TCP whose peer sends a body, with the lengths of its reads by turn. */
  async function bodyStream(buffers: ReadBuffers, reader: Partial<StreamReader>): Promise<SocketTransport> {
    const server = createServer((peer) => {
      sockets.push(peer);
      peer.on('error', () => undefined).end(Buffer.alloc(BODY_BYTES, 'x'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stream = new SocketTransport(buffers, (error) => {
      throw error;
    });
    const socket = connect({ port, host: '127.0.0.1', onread: stream.onread });
    sockets.push(socket);
    await once(socket, 'connect');
    server.close();
    stream.attach(socket);
    stream.read({
      data: () => undefined,
      end: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
      ...reader,
    });
    return stream;
  }

  it('read one full buffer in a turn each, and lose nothing', async () => {
    const buffers = new ReadBuffers(new ReadBudget(0));
    let turnNumber = 0;
    let isOver = false;
    const count = (): void => {
      turnNumber += 1;
      if (!isOver) setImmediate(count);
    };
    count();
    const fullReads: string[] = [];
    const received = [0, 0, 0];
    await Promise.all(
      received.map(
        (_, index) =>
          new Promise<void>((resolve, reject) => {
            bodyStream(buffers, {
              data(_bytes, start, end) {
                received[index] = (received[index] ?? 0) + end - start;
                if (end - start >= buffers.shared.length)
                  fullReads.push(`stream ${index}, turn ${turnNumber}`);
              },
              end: resolve,
            }).catch(reject);
          }),
      ),
    );
    isOver = true;
    expect(received).toEqual([BODY_BYTES, BODY_BYTES, BODY_BYTES]);
    expect(fullReads.length).toBeGreaterThan(0);
    expect(new Set(fullReads).size).toBe(fullReads.length);
  });

  it('deliver nothing to a reader that pauses while its stream waits, and all once it goes on', async () => {
    const buffers = new ReadBuffers(new ReadBudget(0));
    let received = 0;
    let isPaused = false;
    let whilePaused = 0;
    await new Promise<void>((resolve, reject) => {
      const made = bodyStream(buffers, {
        data(_bytes, start, end) {
          received += end - start;
          if (isPaused) whilePaused += 1;
          if (isPaused || end - start < buffers.shared.length) return;
          // The stream waits for its turn now; its reader pauses, and goes on some turns later.
          setImmediate(() => {
            void made.then(async (stream) => {
              isPaused = true;
              stream.pause();
              for (let turns = 0; turns < 5; turns += 1) await nextTurn();
              isPaused = false;
              stream.resume();
            });
          });
        },
        end: resolve,
      });
      made.catch(reject);
    });
    expect(received).toBe(BODY_BYTES);
    expect(whilePaused).toBe(0);
  });
});
