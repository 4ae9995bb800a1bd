import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { client } from '../../../support/peers/clients.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import type { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { ONE_POOL } from '../../../support/workers/test-workers.ts';
import { get } from '../scene.ts';

const CHALLENGE = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM';
const END = '\r\nContent-Length: 0\r\n\r\n';

/** A backend that takes all that comes over a connection for requests of whoever authenticated on it, as IIS does. */
async function authenticating(connection: ByteSocket, name: string): Promise<void> {
  let user = 'nobody';
  for (;;) {
    const message = await readMessage(connection);
    const [credentials = ''] = fieldValues(message, 'authorization');
    const [, scheme = '', token = ''] = /^(\w+) (.*)$/.exec(credentials) ?? [];
    if (/^(?:NTLM|Negotiate)$/i.test(scheme) && token === 'TYPE1') {
      connection.send(`${CHALLENGE} TYPE2${END}`);
    } else {
      if (/^(?:NTLM|Negotiate)$/i.test(scheme)) user = token.replace('TYPE3-', '');
      const page = `${name}:${user}`;
      connection.send(user === 'nobody' && !message.startLine.includes('/open') ? CHALLENGE + END : ok(page));
    }
  }
}

interface Talk {
  readonly peer: ByteSocket;
  /** Asks and gives back status and body. */
  ask(target?: string, authorization?: string, lines?: string): Promise<string>;
}

async function talk(proxy: LabProxy): Promise<Talk> {
  const peer = await client(proxy.address());
  return {
    peer,
    ask: async (target = '/', authorization = '', lines = '') => {
      const field = authorization === '' ? '' : `Authorization: ${authorization}\r\n`;
      peer.send(get(target, field + lines));
      const answer = await readMessage(peer);
      return `${String(statusOf(answer))} ${answer.body.toString()}`;
    },
  };
}

/** A client that authenticated by NTLM. */
async function authenticated(proxy: LabProxy, user: string): Promise<Talk> {
  const talking = await talk(proxy);
  expect(await talking.ask('/')).toBe('401 ');
  expect(await talking.ask('/', 'NTLM TYPE1')).toBe('401 ');
  expect(await talking.ask('/', `NTLM TYPE3-${user}`)).toMatch(new RegExp(`^200 \\w+:${user}$`));
  return talking;
}

async function server(name: string): Promise<RecordingBackend> {
  return backend((connection) => authenticating(connection, name));
}

function config(backends: Readonly<Record<string, RecordingBackend>>, more = '', keys = ''): string {
  const list = Object.entries(backends).map(
    ([name, { address }]) => `{ name: ${name}, address: "${address}"${keys} }`,
  );
  return `listen: "127.0.0.1:0"
reload: { watch: false }
metrics: { listen: "127.0.0.1:0" }
backends: [${list.join(', ')}]
${more}
`;
}

const metrics = (proxy: LabProxy): Promise<ScrapedMetrics> =>
  ScrapedMetrics.from(proxy.app.adminAddresses[0]!);

/** Nothing is leased or kept any more. */
async function nothingHeld(proxy: LabProxy): Promise<void> {
  await eventually(async () => {
    const now = await metrics(proxy);
    return (
      now.sum('balance_backend_connections_kept') === 0 && now.sum('balance_backend_requests_in_flight') === 0
    );
  }, 'nothing to be held');
}

describe('a socket on which a client authenticated', () => {
  it('serves that client alone', async () => {
    const one = await server('one');
    const proxy = await labProxy(config({ one }));
    const alice = await authenticated(proxy, 'alice');
    const other = await talk(proxy);
    expect(await other.ask('/')).toBe('401 ');
    expect(await alice.ask('/')).toBe('200 one:alice');
    const bob = await authenticated(proxy, 'bob');
    expect(await alice.ask('/')).toBe('200 one:alice');
    expect(await bob.ask('/')).toBe('200 one:bob');
    expect(await other.ask('/')).toBe('401 ');
    expect(await other.ask('/open')).toBe('200 one:nobody');
  });

  it.each(['NTLM', 'ntlm', 'Negotiate', 'NEGOTIATE'])(
    'by %s at once, without a challenge',
    async (scheme) => {
      const one = await server('one');
      const proxy = await labProxy(config({ one }));
      const alice = await talk(proxy);
      expect(await alice.ask('/', `${scheme} alice`)).toBe('200 one:alice');
      expect(await (await talk(proxy)).ask('/')).toBe('401 ');
      expect(await alice.ask('/')).toBe('200 one:alice');
    },
  );

  it('is closed when the client leaves, and counts until then', async () => {
    const one = await server('one');
    const proxy = await labProxy(config({ one }));
    const alice = await authenticated(proxy, 'alice');
    const now = await metrics(proxy);
    expect(now.sum('balance_backend_connections_kept', { backend: 'one' })).toBe(1);
    expect(now.sum('balance_backend_requests_in_flight', { backend: 'one' })).toBe(1);
    expect(now.sum('balance_pool_connections_idle', { backend: 'one' })).toBe(0);
    alice.peer.end();
    await (await one.connection(0)).untilEnded();
    await nothingHeld(proxy);
    expect((await metrics(proxy)).sum('balance_backend_connections_active')).toBe(0);
  });

  it('is closed with the response that ends the client’s connection', async () => {
    const one = await server('one');
    const proxy = await labProxy(config({ one }));
    const alice = await authenticated(proxy, 'alice');
    expect(await alice.ask('/', '', 'Connection: close\r\n')).toBe('200 one:alice');
    await (await one.connection(0)).untilEnded();
    await nothingHeld(proxy);
    expect(await (await talk(proxy)).ask('/')).toBe('401 ');
  });

  it('is asked again whatever the balancer would choose', async () => {
    const [one, two] = [await server('one'), await server('two')];
    const proxy = await labProxy(config({ one, two }));
    const alice = await authenticated(proxy, 'alice');
    const first = await alice.ask('/');
    for (let i = 0; i < 5; i++) expect(await alice.ask('/')).toBe(first);
  });

  it('leaves requests of the same client for another upstream alone', async () => {
    const [one, two] = [await server('one'), await server('two')];
    const routes = '[{ path_prefix: /open, backends: [two] }, { backends: [one] }]';
    const proxy = await labProxy(config({ one, two }, `http: { routes: ${routes} }\n${ONE_POOL}`));
    const alice = await authenticated(proxy, 'alice');
    expect(await alice.ask('/open')).toBe('200 two:nobody');
    expect(await alice.ask('/')).toBe('200 one:alice');
    expect(await (await talk(proxy)).ask('/open')).toBe('200 two:nobody');
    expect(two.connections).toHaveLength(1);
  });

  it('gives way to who would have to wait for a place, the one that rested longest first', async () => {
    const one = await server('one');
    const proxy = await labProxy(config({ one }, ONE_POOL, ', max_connections: 2'));
    const alice = await authenticated(proxy, 'alice');
    const bob = await authenticated(proxy, 'bob');
    expect(await (await talk(proxy)).ask('/open')).toBe('200 one:nobody');
    await (await one.connection(0)).untilEnded();
    expect(await bob.ask('/')).toBe('200 one:bob');
    expect(await alice.ask('/')).toBe('401 ');
    for (const { peer } of [alice, bob]) peer.end();
    await nothingHeld(proxy);
  });

  it('gives way to who waits already, as soon as its own exchange is over', async () => {
    const answers: (() => void)[] = [];
    const one = await backend(async (connection) => {
      for (;;) {
        const message = await readMessage(connection);
        answers.push(() => connection.send(ok(message.startLine.includes('/late') ? 'late' : 'next')));
      }
    });
    const proxy = await labProxy(config({ one }, '', ', max_connections: 1'));
    const alice = await talk(proxy);
    const late = alice.ask('/late', 'NTLM TYPE3-alice');
    await eventually(() => answers.length === 1, 'the first request to arrive');
    const next = (await talk(proxy)).ask('/next');
    await eventually(async () => (await metrics(proxy)).sum('balance_queue_waiting') === 1, 'one to wait');
    answers[0]?.();
    expect(await late).toBe('200 late');
    await eventually(() => answers.length === 2, 'the second request to arrive');
    answers[1]?.();
    expect(await next).toBe('200 next');
    await nothingHeld(proxy);
  });

  it('that the backend closes is replaced by one on which the client is nobody', async () => {
    const one = await server('one');
    const proxy = await labProxy(config({ one }));
    const alice = await authenticated(proxy, 'alice');
    (await one.connection(0)).end();
    await nothingHeld(proxy);
    expect(await alice.ask('/')).toBe('401 ');
    expect(await alice.ask('/', 'NTLM TYPE3-alice')).toBe('200 one:alice');
  });

  it('stays over an edit that keeps its backend, and ends with one that takes it away', async () => {
    const [one, two] = [await server('one'), await server('two')];
    const proxy = await labProxy(config({ one }));
    const alice = await authenticated(proxy, 'alice');
    await proxy.change(config({ one, two }));
    for (let i = 0; i < 3; i++) expect(await alice.ask('/')).toBe('200 one:alice');
    await proxy.change(config({ two }));
    expect(await alice.ask('/open')).toBe('200 two:nobody');
    await (await one.connection(0)).untilEnded();
    await nothingHeld(proxy);
  });

  it('is closed when the client’s connection becomes a tunnel', async () => {
    let asked = 0;
    const one = await backend(async (connection) => {
      for (;;) {
        const { startLine } = await readMessage(connection);
        asked += 1;
        const isUpgrade = startLine.includes('/tunnel');
        connection.send(
          isUpgrade ? 'HTTP/1.1 101 Ok\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n' : CHALLENGE + END,
        );
        if (isUpgrade) return;
      }
    });
    const proxy = await labProxy(config({ one }));
    const { peer, ask } = await talk(proxy);
    await ask('/');
    peer.send(get('/tunnel', 'Connection: Upgrade\r\nUpgrade: foo\r\n'));
    await peer.untilText('Upgrade: foo\r\n\r\n');
    const tunnel = await one.connection(0);
    tunnel.send('hello');
    await peer.untilText('hello');
    peer.end();
    await tunnel.untilEnded();
    tunnel.end();
    await nothingHeld(proxy);
    expect(asked).toBe(2);
    expect(one.connections).toHaveLength(1);
  });

  it('carries a body, and pipelined requests one after the other', async () => {
    const one = await server('one');
    const proxy = await labProxy(config({ one }));
    const { peer } = await authenticated(proxy, 'alice');
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
    peer.send(post + get('/') + post);
    for (let i = 0; i < 3; i++) expect((await readMessage(peer)).body.toString()).toBe('one:alice');
    expect(one.connections).toHaveLength(1);
  });
});

it.each(['Basic YWxpY2U6aHVzaA==', 'Bearer NTLM', 'Notntlm x', 'NTLMX y'])(
  'credentials that count for one request leave the socket to all: %s',
  async (credentials) => {
    const one = await backend(answering(() => `HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=ntlm${END}`));
    const proxy = await labProxy(config({ one }, ONE_POOL));
    for (let i = 0; i < 3; i++) expect(await (await talk(proxy)).ask('/', credentials)).toBe('401 ');
    expect(one.connections).toHaveLength(1);
    await nothingHeld(proxy);
  },
);
