import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { freePort } from '../support/addresses/free-ports.ts';
import { CertificateAuthority } from '../support/certificates.ts';
import { labProxy } from '../support/labs/lab-proxy.ts';
import { answering, ok } from '../support/peers/answering.ts';
import { backend } from '../support/peers/backends.ts';
import { client } from '../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../support/peers/http-message.ts';
import { eventually } from '../support/time/eventually.ts';
import { writeInto } from '../support/write-into.ts';

const NGINX_STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';
const missingHaproxy = missing('haproxy', '-v');
const missingNginx = missing('nginx', '-v') ?? (existsSync(NGINX_STREAM) ? undefined : 'its stream module');
const missingCurl = missing('curl', '--version');

/** The name of a program that can't be run here; undefined when it can. */
function missing(program: string, flag: string): string | undefined {
  return spawnSync(program, [flag]).error === undefined ? undefined : program;
}

interface Started {
  readonly program: string;
  readonly args: (file: string) => readonly string[];
  readonly config: string;
  /** A port that it listens on, once it has started. */
  readonly port: number;
  readonly files?: Readonly<Record<string, string>>;
}

/** Starts a program with a config file in a directory of its own; both end with the test. `DIR` in the config is that directory. */
async function started({ program, args, config, port, files = {} }: Started): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'balance-proxy-protocol-'));
  await writeInto(directory, { 'peer.conf': config.replaceAll('DIR', directory), ...files });
  const child = spawn(program, args(join(directory, 'peer.conf')), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
    await rm(directory, { recursive: true, force: true });
  });
  await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`);
      return listens(port);
    },
    () => `${program} listens: ${output}`,
  );
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const haproxy = (config: string, port: number, files?: Record<string, string>): Promise<void> =>
  started({
    program: 'haproxy',
    args: (file) => ['-db', '-f', file],
    config: `
defaults
  timeout connect 5s
  timeout client 20s
  timeout server 20s
${config}
`,
    port,
    files: files ?? {},
  });

const nginx = (config: string, port: number): Promise<void> =>
  started({
    program: 'nginx',
    args: (file) => ['-c', file],
    config: `
load_module ${NGINX_STREAM};
daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr warn;
events {}
${config}`,
    port,
  });

/** Where nginx may write, as it is not started as a service. */
const NGINX_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `${name}_temp_path DIR/${name};`)
  .join(' ');

interface Accepting {
  readonly port: number;
  readonly seen: Message[];
}

/** A balance that demands headers, in front of a server that keeps the requests. */
async function accepting(more = ''): Promise<Accepting> {
  const seen: Message[] = [];
  const server = await backend(answering(() => ok('fine'), seen));
  const proxy = await labProxy(`
listen: '127.0.0.1:0'
proxy_protocol: { trusted: [127.0.0.0/8] }
backends: [{ name: one, address: '${server.address}' }]
${more}`);
  return { port: Number(proxy.address().split(':')[1]), seen };
}

/** A request over a connection of its own, from a known port. */
async function ask(port: number): Promise<{ status: number; body: string; from: string }> {
  const peer = await client(`127.0.0.1:${port}`);
  peer.send('GET / HTTP/1.1\r\nHost: example.test\r\n\r\n');
  const message = await readMessage(peer);
  return { status: statusOf(message), body: message.body.toString(), from: String(peer.socket.localPort) };
}

const VARIABLES = `
transform:
  request_headers:
    - { action: set, name: X-Authority, value: '\${proxy_authority}' }
    - { action: set, name: X-Unique-Id, value: '\${proxy_unique_id}' }
    - { action: set, name: X-Tls, value: '\${proxy_tls_version} \${proxy_tls_cipher} \${proxy_client_name}' }
`;

describe.skipIf(missingHaproxy !== undefined)('HAProxy', () => {
  it.each(['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options crc32c'])(
    'in front with %s tells of the client',
    async (option) => {
      const { port, seen } = await accepting();
      const front = await freePort();
      await haproxy(
        `
listen front
  mode tcp
  bind 127.0.0.1:${front}
  source 127.0.0.9
  server balance 127.0.0.1:${port} ${option} check inter 50ms`,
        front,
      );
      expect(await ask(front)).toMatchObject({ status: 200, body: 'fine' });
      expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['127.0.0.1']);
      expect(fieldValues(seen[0]!, 'x-forwarded-port')).toEqual([String(front)]);
    },
  );

  it('in front tells of TLS, of the name and of its id', async () => {
    const { port, seen } = await accepting(VARIABLES);
    const front = await freePort();
    const ca = new CertificateAuthority();
    const { cert, key } = ca.issue();
    await haproxy(
      `
frontend front
  mode http
  bind 127.0.0.1:${front} ssl crt DIR/site.pem
  unique-id-format %ci:%cp
  default_backend balance
backend balance
  mode http
  server balance 127.0.0.1:${port} send-proxy-v2-ssl-cn proxy-v2-options authority,crc32c,unique-id,ssl,ssl-cipher,cert-cn`,
      front,
      { 'site.pem': `${cert}${key}`, 'ca.pem': ca.cert },
    );
    const directory = await mkdtemp(join(tmpdir(), 'balance-proxy-protocol-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeInto(directory, { 'ca.pem': ca.cert });
    const curl = spawn('curl', ['-s', '--cacert', join(directory, 'ca.pem'), `https://localhost:${front}/`]);
    let body = '';
    curl.stdout.on('data', (text: Buffer) => (body += text.toString()));
    await once(curl, 'exit');
    expect(body).toBe('fine');
    const [message] = seen;
    expect(fieldValues(message!, 'x-authority')).toEqual(['localhost']);
    expect(fieldValues(message!, 'x-unique-id')[0]).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(fieldValues(message!, 'x-tls')[0]).toMatch(/^TLSv1\.3 TLS_AES_\w+/);
    expect(fieldValues(message!, 'x-forwarded-proto')).toEqual(['https']);
  });

  it.each(['v1', 'v2'])(
    'behind, with accept-proxy, learns the client by %s, and is healthy',
    async (version) => {
      const behind = await freePort();
      await haproxy(
        `
frontend behind
  mode http
  bind 127.0.0.1:${behind} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[req.fhdr(x-forwarded-for)]"`,
        behind,
      );
      const proxy = await labProxy(`
listen: '127.0.0.1:0'
proxy_protocol: { send: ${version} }
backends: [{ name: haproxy, address: '127.0.0.1:${behind}' }]
health_check: { type: http, interval: 50ms, path: / }
`);
      const port = Number(proxy.address().split(':')[1]);
      for (let time = 0; time < 3; time += 1) {
        const { status, body, from } = await ask(port);
        expect([status, body]).toEqual([200, `127.0.0.1:${from} 127.0.0.1`]);
      }
      expect(await proxy.log()).not.toContain('unhealthy');
    },
  );
});

describe.skipIf(missingNginx !== undefined)('nginx', () => {
  it('in front with proxy_protocol tells of the client', async () => {
    const { port, seen } = await accepting();
    const front = await freePort();
    await nginx(
      `
stream {
  server { listen 127.0.0.1:${front}; proxy_pass 127.0.0.1:${port}; proxy_protocol on; }
}`,
      front,
    );
    expect(await ask(front)).toMatchObject({ status: 200, body: 'fine' });
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(fieldValues(seen[0]!, 'x-forwarded-port')).toEqual([String(front)]);
  });

  it.each(['v1', 'v2'])('behind, with listen proxy_protocol, learns the client by %s', async (version) => {
    const behind = await freePort();
    await nginx(
      `
http {
  access_log off;
  ${NGINX_PATHS}
  server {
    listen 127.0.0.1:${behind} proxy_protocol;
    location / {
      return 200 "$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_port";
    }
  }
}`,
      behind,
    );
    const proxy = await labProxy(`
listen: '127.0.0.1:0'
proxy_protocol: { send: ${version} }
backends: [{ name: nginx, address: '127.0.0.1:${behind}' }]
health_check: { type: tcp, interval: 50ms }
`);
    const port = Number(proxy.address().split(':')[1]);
    const { status, body, from } = await ask(port);
    expect([status, body]).toEqual([200, `127.0.0.1:${from} ${port}`]);
    expect(await proxy.log()).not.toContain('unhealthy');
  });
});

describe.skipIf(missingCurl !== undefined)('curl --haproxy-protocol', () => {
  it('is taken for a proxy that names itself', async () => {
    const { port, seen } = await accepting();
    const curl = spawn('curl', ['-s', '--haproxy-protocol', `http://127.0.0.1:${port}/`]);
    let body = '';
    curl.stdout.on('data', (text: Buffer) => (body += text.toString()));
    await once(curl, 'exit');
    expect(body).toBe('fine');
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(fieldValues(seen[0]!, 'x-forwarded-port')).toEqual([String(port)]);
  });
});
