import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene, type Scene } from '../scene.ts';

const AGREE = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
const ASK = 'POST /exec/1/start HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n';
const LENGTH = `${ASK}Content-Length: 10\r\n\r\n`;
const CHUNKED = `${ASK}Transfer-Encoding: chunked\r\n\r\n`;

/** A backend that reads the whole request, agrees, and then says back what it gets. */
async function execBackend(connection: ByteSocket, seen: string[]): Promise<void> {
  const { startLine, body } = await readMessage(connection);
  seen.push(`${startLine} ${body.toString()}`);
  connection.send(`${AGREE}$ `);
}

/** A backend that agrees before it read anything of the body. */
async function hastyBackend(connection: ByteSocket): Promise<void> {
  const head = await readHead(connection);
  connection.send(`${AGREE}${/transfer-encoding/i.test(head) ? 'chunks' : 'length'}`);
}

async function opened(stage: Scene, request: string): Promise<{ client: ByteSocket; backend: ByteSocket }> {
  const client = await stage.client();
  client.send(request);
  expect(await readHead(client)).toMatch(
    /^HTTP\/1\.1 101 UPGRADED\r\n[^]*Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n$/,
  );
  return { client, backend: await stage.backend.connection(0) };
}

describe('an upgrade with a body', () => {
  it.each([
    ['of known length', `${LENGTH}{"Tty":1} `],
    ['in chunks', `${CHUNKED}4;x=y\r\n{"Tt\r\n6\r\ny":1} \r\n0\r\n\r\n`],
  ])('%s reaches the backend with it, and what follows is the tunnel’s', async (_kind, request) => {
    const seen: string[] = [];
    const stage = await scene({ script: (connection) => execBackend(connection, seen) });
    const { client, backend } = await opened(stage, `${request}ahead`);
    await client.untilText('$ ');
    await backend.untilText('ahead');
    expect(seen).toEqual(['POST /exec/1/start HTTP/1.1 {"Tty":1} ']);
    client.send(' typed');
    await backend.untilText('ahead typed');
    backend.send('output');
    await client.untilText('$ output');
  });

  it('is the same in whatever pieces it comes', async () => {
    for (const request of [`${LENGTH}0123456789ahead`, `${CHUNKED}A\r\n0123456789\r\n0\r\n\r\nahead`]) {
      const seen: string[] = [];
      const stage = await scene({ script: (connection) => execBackend(connection, seen) });
      const client = await stage.client();
      await client.sendPieces(request, 7);
      await client.untilText('$ ');
      await (await stage.backend.connection(0)).untilText('ahead');
      expect(seen).toEqual(['POST /exec/1/start HTTP/1.1 0123456789']);
    }
  });

  it.each([
    ['of known length', LENGTH, '01234', '56789', '0123456789'],
    [
      'in chunks',
      CHUNKED,
      '5\r\n01234\r\n',
      '5\r\n56789\r\n0\r\n\r\n',
      '5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n',
    ],
  ])(
    '%s goes on as a body when the backend agrees before its end',
    async (_kind, head, first, rest, whole) => {
      const stage = await scene({ script: hastyBackend, yaml: 'metrics: { listen: "127.0.0.1:0" }' });
      const { client, backend } = await opened(stage, head + first);
      await client.untilLength(6);
      backend.send(' early');
      await client.untilText(' early');
      client.send(`${rest}GET / HTTP/1.1\r\n\r\n`);
      expect(await backend.untilText('GET / HTTP/1.1\r\n\r\n')).toBe(`${whole}GET / HTTP/1.1\r\n\r\n`);
      client.send('typed');
      await backend.untilText('typed');
      client.end();
      expect(await backend.untilEnded()).toBe('end');
      backend.send('bye');
      backend.end();
      expect(await client.untilClosed()).toBe('end');
      expect(client.text).toMatch(/ earlybye$/);
      await eventually(async () => {
        const metrics = await stage.metrics();
        return metrics.sum('balance_tunnel_bytes_total', { direction: 'received' }) === 18 + 5;
      }, 'the tunnel to be counted');
    },
  );

  it('is broken off when the body behind an early agreement is malformed, or never comes', async () => {
    for (const [yaml, rest] of [
      ['', 'zz\r\n'],
      ['http: { timeouts: { read: 50ms } }', ''],
    ] as const) {
      const stage = await scene({ script: hastyBackend, yaml });
      const { client, backend } = await opened(stage, `${CHUNKED}5\r\n01234\r\n`);
      client.send(rest);
      await client.untilEnded();
      await backend.untilEnded();
      expect(backend.text).not.toContain('zz');
    }
  });

  it('that is refused is an ordinary request: both connections serve the next one', async () => {
    const stage = await scene({
      respond: ({ startLine }) =>
        startLine.startsWith('POST') ? 'HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno' : ok('next'),
    });
    const client = await stage.client();
    client.send(`${LENGTH}0123456789${get('/after')}`);
    const refusal = await readMessage(client);
    expect(statusOf(refusal)).toBe(409);
    expect((await readMessage(client)).body.toString()).toBe('next');
    expect(stage.seen.map(({ body }) => body.toString())).toEqual(['0123456789', '']);
    expect(fieldValues(stage.seen[0]!, 'connection')).toEqual(['Upgrade']);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('counts the body against limits.body_size', async () => {
    const stage = await scene({ yaml: 'http: { limits: { body_size: 4B } }' });
    expect(await stage.refusal(`${LENGTH}0123456789`)).toMatchObject({ status: 413, closed: true });
    expect(stage.backend.connections).toHaveLength(0);
  });
});
