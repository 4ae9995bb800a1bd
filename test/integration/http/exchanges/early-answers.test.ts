import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';
import { ONE_CLOCK } from '../../../support/workers/test-workers.ts';
import { scene, type SceneOptions } from '../scene.ts';

const UPLOAD_BYTES = 50 << 20;
const PIECE = Buffer.alloc(1 << 20);
const HEAD = `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${UPLOAD_BYTES}\r\n\r\n`;

/** Sends a whole upload before it reads, as many clients do; the status that it finds then. */
async function statusAfterUpload(client: ByteSocket): Promise<number> {
  client.socket.pause();
  client.send(HEAD);
  for (let sent = 0; sent < UPLOAD_BYTES; sent += PIECE.length) {
    if (!client.socket.write(PIECE)) await once(client.socket, 'drain');
  }
  client.socket.resume();
  return statusOf(await readMessage(client));
}

describe('an early answer to a large upload reaches a client that first sends everything', () => {
  const early: [string, SceneOptions][] = [
    ['the proxy refuses the length', { yaml: 'http: { limits: { body_size: 1MiB } }' }],
    ['the proxy refuses the head', { yaml: 'http: { limits: { header_count: 1 } }' }],
    [
      'the backend answers and reads on',
      {
        script: async (connection) => {
          await readHead(connection);
          connection.send('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno');
        },
      },
    ],
    [
      'the backend answers and closes at once, which resets its connection',
      {
        script: async (connection) => {
          await readHead(connection);
          connection.socket.pause();
          connection.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno');
          connection.socket.destroy();
        },
      },
    ],
  ];
  it.each(early)('%s', async (_what, options) => {
    const stage = await scene(options);
    const status = await statusAfterUpload(await stage.client());
    expect([401, 413, 431]).toContain(status);
  });

  it('and holds no backend meanwhile', async () => {
    const stage = await scene({
      yaml: 'metrics: { listen: "127.0.0.1:0" }',
      script: async (connection) => {
        await readHead(connection);
        connection.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno');
      },
    });
    const client = await stage.client();
    client.send(HEAD);
    expect(statusOf(await readMessage(client))).toBe(413);
    await (await stage.backend.connection(0)).untilEnded();
    expect(await stage.inFlight()).toBe(0);
    client.send(PIECE);
    expect(await client.untilEnded()).toBe('end');
    expect(client.closed).toBe(false);
  });
});

describe('a client that was answered and sends on', () => {
  it('is cut off once it sends next to nothing', async () => {
    const stage = await scene({ yaml: `${ONE_CLOCK}\nhttp: { limits: { body_size: 1MiB } }` });
    const clock = stoppedClock();
    const client = await stage.client();
    client.send(HEAD);
    expect(statusOf(await readMessage(client))).toBe(413);
    await client.untilEnded();
    clock.advance(4_999);
    client.send('x');
    expect(client.closed).toBe(false);
    clock.advance(1);
    client.send('x');
    await client.untilClosed();
  });
});
