import { expect, it } from 'vitest';

import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage } from '../../../support/peers/http-message.ts';
import { TEST_WORKERS } from '../../../support/workers/test-workers.ts';
import { scene } from '../scene.ts';

/** Numbers by chance that are the same in each run. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return (this.#state >>> 8) % limit;
  }
}

/** A body that tells its place, so that a byte in the wrong place shows. */
function bodyOf(tag: string, length: number): string {
  return `${tag};`.repeat(Math.ceil(length / (tag.length + 1))).slice(0, length);
}

function framed(head: string, body: string, chance: Chance): string {
  if (chance.below(2) === 0) return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  let chunks = '';
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + chance.below(5000));
    chunks += `${size.toString(16)}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

/** Sends in pieces of any size, now and then with a pause. */
async function sendAnyhow(socket: ByteSocket, text: string, chance: Chance): Promise<void> {
  for (let at = 0; at < text.length;) {
    const size = 1 + chance.below(chance.below(3) === 0 ? 50 : 20_000);
    socket.send(text.slice(at, at + size));
    at += size;
    if (chance.below(2) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

it('many clients, pipelined, in pieces of any size, with bodies of any framing, each get what is theirs in order', async () => {
  const backendChance = new Chance(7);
  const stage = await scene({
    yaml: 'metrics: { listen: "127.0.0.1:0" }\nlogging: { access_log: false }\nconnection_pool: { max_size: 5 }',
    respond: async (request, connection) => {
      const tag = request.startLine.split(' ')[1]!;
      const length = Number(fieldValues(request, 'x-want')[0]);
      // The body must be what the head says it is.
      const sent = request.body.toString('latin1');
      const right =
        sent === bodyOf(tag, sent.length) && sent.length === Number(fieldValues(request, 'x-sent')[0]);
      const head = `HTTP/1.1 200 OK\r\nX-Tag: ${tag}\r\nX-Right: ${right}\r\nX-Empty:\r\n`;
      const response = framed(head, bodyOf(`re:${tag}`, length), backendChance);
      await sendAnyhow(connection, response, backendChance);
      return undefined;
    },
  });
  const clients = Array.from({ length: 12 }, async (_, n) => {
    const chance = new Chance(n + 1);
    const client = await stage.client();
    const requests = Array.from({ length: 25 }, (_unused, i) => ({
      tag: `/${n}/${i}`,
      want: chance.below(3) === 0 ? chance.below(200_000) : chance.below(100),
      sent: chance.below(3) === 0 ? chance.below(100_000) : chance.below(50),
    }));
    let text = '';
    for (const { tag, want, sent } of requests) {
      text += framed(
        `PUT ${tag} HTTP/1.1\r\nHost: a\r\nTE:\r\nX-Want: ${want}\r\nX-Sent: ${sent}\r\n`,
        bodyOf(tag, sent),
        chance,
      );
    }
    const sending = sendAnyhow(client, text, chance);
    for (const { tag, want } of requests) {
      const response = await readMessage(client);
      expect(fieldValues(response, 'x-tag')).toEqual([tag]);
      expect(fieldValues(response, 'x-right')).toEqual(['true']);
      expect(response.body.toString('latin1') === bodyOf(`re:${tag}`, want)).toBe(true);
    }
    await sending;
    expect(client.received).toHaveLength(0);
  });
  await Promise.all(clients);
  // Workers close idle sockets for each other, and connect anew.
  expect(stage.backend.connections.length).toBeLessThanOrEqual(TEST_WORKERS === 1 ? 5 : Infinity);
  await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
});
