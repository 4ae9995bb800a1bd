import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { tlsBackend } from '../../support/sockets/tls-backend.ts';
import { eventually } from '../../support/time/eventually.ts';

/** Listens until the end of the test. Returns its port. */
async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

interface Shown {
  readonly name: string;
  readonly state: string;
  readonly upstreams: readonly { readonly max_connections: number | null }[];
}

async function backends(proxy: LabProxy): Promise<readonly Shown[]> {
  const page = await fetch(`http://${proxy.adminAddress}/backends`);
  return ((await page.json()) as { backends: readonly Shown[] }).backends;
}

function yaml(workers: number, list: string, more: string): string {
  return `
workers: ${workers}
listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [${list}]
    ${more}
admin: { listen: '127.0.0.1:0' }
`;
}

const ask = async (proxy: LabProxy): Promise<number> =>
  (await fetch(`http://${proxy.address()}/`, { headers: { connection: 'close' } })).status;

buildProgram();

describe.each([1, 2])('with %i workers', { timeout: 60_000 }, (workers) => {
  it('an agent says how many connections its backend takes, and a backend may have an agent of its own', async () => {
    const words = { first: 'maxconn:3\n', second: 'maint #disk\n' };
    const [first, second] = [
      await listening(createServer((socket) => socket.end(words.first))),
      await listening(createServer((socket) => socket.end(words.second))),
    ];
    const http = await listening(createHttpServer((_request, response) => response.end('ok')));
    const list = `{ name: a, address: '127.0.0.1:${http}', max_connections: 9 }, { name: b, address: 'localhost:${http}', agent_port: ${second} }`;
    const proxy = await labProxy(
      yaml(
        workers,
        list,
        `health_check: { enabled: false, agent_check: { port: ${first}, interval: 50ms } }`,
      ),
    );
    const limitOf = async (name: string) => (await backends(proxy)).find((each) => each.name === name);
    await eventually(
      async () => (await limitOf('a'))?.upstreams[0]?.max_connections === 3,
      'the agent of a limits it',
    );
    await eventually(
      async () => (await limitOf('b'))?.state === 'maintenance',
      'the agent of b takes it out',
    );
    words.first = 'maxconn:0\n';
    await eventually(
      async () => (await limitOf('a'))?.upstreams[0]?.max_connections === null,
      'the agent of a lifts the limit',
    );
    expect(await ask(proxy)).toBe(200);
  });

  it('checks come as often as the traffic asks for, whichever worker has it', async () => {
    let checks = 0;
    const port = await listening(
      createHttpServer((request, response) => {
        if (request.url === '/check') checks += 1;
        response.end('ok');
      }),
    );
    const proxy = await labProxy(
      yaml(
        workers,
        `{ name: a, address: '127.0.0.1:${port}' }`,
        'health_check: { path: /check, interval: 50ms, timeout: 30s, no_traffic_interval: 1h }',
      ),
    );
    await eventually(() => checks > 0, 'the first check');
    expect(checks).toBe(1);
    await eventually(async () => {
      await ask(proxy);
      return checks > 2;
    }, 'checks come while there is traffic');
  });

  it('an active check that passes ends an ejection', async () => {
    const port = await listening(
      createHttpServer((request, response) => {
        response.statusCode = request.url === '/check' ? 200 : 500;
        response.end();
      }),
    );
    const other = await listening(createHttpServer((_request, response) => response.end('ok')));
    const proxy = await labProxy(
      yaml(
        workers,
        `{ name: a, address: '127.0.0.1:${port}' }, { name: b, address: '127.0.0.1:${other}' }`,
        `outlier_detection: { base_ejection_time: 1h }
    health_check: { path: /check, interval: 100ms, timeout: 30s }`,
      ),
    );
    await eventually(async () => {
      await ask(proxy);
      return (await proxy.log()).includes('backend ejected');
    }, 'the backend is ejected');
    await proxy.untilLogged('an active check passed');
  });

  it('a check of bytes speaks TLS as the traffic does', async () => {
    const authority = new CertificateAuthority();
    const { cert, key } = authority.issue();
    const { port } = await tlsBackend({ cert, key }, (socket, bytes) =>
      socket.end(bytes.toString() === 'PING\r\n' ? '+PONG\r\n' : '-ERR\r\n'),
    );
    const check = (expect: string): string =>
      `tls: { ca_file: ca.crt, server_name: localhost }
    health_check: { type: tcp, send: 'PING\\r\\n', expect: '${expect}', interval: 50ms, timeout: 50s, initial_state: down, healthy_threshold: 1 }`;
    const list = `{ name: a, address: '127.0.0.1:${port}' }`;
    const proxy = await labProxy(yaml(workers, list, check('+PONG')), { 'ca.crt': authority.cert });
    await proxy.untilLogged('backend is healthy');
    await proxy.change(yaml(workers, list, check('+PANG')));
    await eventually(
      async () => (await backends(proxy))[0]?.state === 'unhealthy',
      'another answer is expected',
    );
  });
});
