import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/time/eventually.ts';
import { freePort } from '../../support/addresses/free-ports.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { isInstalled, runTool } from './run-tool.ts';

/** A folder that ends with the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'balance-databases-'));
  owned({
    close: () => {
      rmSync(path, { recursive: true, force: true });
    },
  });
  return path;
}

/** A server process that ends with the test. */
function serverProcess(command: string, args: readonly string[], ids: { uid?: number; gid?: number } = {}) {
  const child = spawn(command, args, { stdio: 'ignore', ...ids });
  owned({ close: () => ended(child) });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  await exit;
}

const issued = () => {
  const authority = new CertificateAuthority();
  return { authority, server: authority.issue({ names: ['localhost', 'db.test', '127.0.0.1'] }) };
};

// Skipped without Redis (apt-get install redis-server redis-tools).
describe.skipIf(!isInstalled('redis-server') || !isInstalled('redis-cli'))('redis-cli --tls', () => {
  it('speaks to a plain Redis by way of a TCP listener with a certificate, and to one with TLS by its name', async () => {
    const { authority, server } = issued();
    const place = folder();
    for (const [name, text] of [
      ['db.crt', server.cert],
      ['db.key', server.key],
    ] as const)
      writeFileSync(join(place, name), text);
    const [plain, secure] = [await freePort(), await freePort()];
    const files = ['--tls-cert-file', join(place, 'db.crt'), '--tls-key-file', join(place, 'db.key')];
    serverProcess('redis-server', [
      ...['--port', String(plain), '--tls-port', String(secure), '--bind', '127.0.0.1', '--dir', place],
      ...[...files, '--tls-ca-cert-file', join(place, 'db.crt'), '--tls-auth-clients', 'no', '--save', ''],
    ]);
    const proxy = await labProxy(
      `listeners:
  - name: redis
    listen: 127.0.0.1:0
    mode: tcp
    upstream: redis
    tls:
      certificates: [{ cert_file: db.crt, key_file: db.key, domains: [localhost, 127.0.0.1] }]
      sni: { routes: { db.test: ['127.0.0.1:${secure}'] } }
upstreams:
  - { name: redis, backends: [{ address: '127.0.0.1:${plain}' }] }
`,
      {
        'db.crt': server.cert,
        'db.key': server.key,
        'ca.crt': authority.cert,
        'strange.crt': new CertificateAuthority('strange').cert,
      },
    );
    const port = proxy.address().split(':')[1] ?? '';
    const ca = join(proxy.directory, 'ca.crt');
    const redis = async (...args: readonly string[]): Promise<string> =>
      (await runTool('redis-cli', ['--tls', '--cacert', ca, '-h', '127.0.0.1', '-p', port, ...args])).text;
    await eventually(async () => (await redis('PING')).includes('PONG'), 'Redis answers');
    expect(await redis('SET', 'key', 'value')).toBe('OK\n');
    expect(await redis('GET', 'key')).toBe('value\n');
    // Redis itself decrypts here: it says that the client speaks TLS, which a plain connection would not.
    expect(await redis('--sni', 'db.test', 'GET', 'key')).toBe('value\n');
    const connections = async (...args: readonly string[]): Promise<string> =>
      redis(...args, 'CLIENT', 'LIST');
    expect(await connections('--sni', 'db.test')).toContain(`laddr=127.0.0.1:${secure}`);
    expect(await connections()).toContain(`laddr=127.0.0.1:${plain}`);
    // The client verifies what the proxy shows, and one without TLS is not let in.
    const strange = join(proxy.directory, 'strange.crt');
    expect(await redis('--cacert', strange, 'PING')).toContain('certificate verify failed');
    expect(await redis('--sni', 'db.test', '--cacert', strange, 'PING')).toContain(
      'certificate verify failed',
    );
    const plainly = await runTool('redis-cli', ['-h', '127.0.0.1', '-p', port, 'PING']);
    expect(plainly.stdout).not.toContain('PONG');
  });
});

const postgresFolder = '/usr/lib/postgresql';
const postgresBin = existsSync(postgresFolder)
  ? readdirSync(postgresFolder)
      .sort()
      .map((version) => join(postgresFolder, version, 'bin'))
      .at(-1)
  : undefined;

/** PostgreSQL refuses to run as root. */
async function postgresUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const idOf = async (which: string): Promise<number> =>
    Number((await runTool('id', [which, 'postgres'])).stdout);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
}

// Skipped without PostgreSQL (apt-get install postgresql).
describe.skipIf(postgresBin === undefined || !isInstalled('psql'))('PostgreSQL', () => {
  const bin = postgresBin ?? '';

  async function start() {
    const { authority, server } = issued();
    const place = folder();
    const user = await postgresUser();
    const own = (path: string): void => {
      if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
    };
    own(place);
    const data = join(place, 'data');
    const made = spawn(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'tester'], {
      stdio: 'ignore',
      ...user,
    });
    await once(made, 'exit');
    for (const [name, text] of [
      ['server.crt', server.cert],
      ['server.key', server.key],
    ] as const) {
      writeFileSync(join(data, name), text);
      own(join(data, name));
      chmodSync(join(data, name), 0o600);
    }
    const port = await freePort();
    const settings = ['ssl=on', 'listen_addresses=127.0.0.1', `unix_socket_directories=${place}`];
    const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    serverProcess(join(bin, 'postgres'), args, user);
    return { authority, server, port };
  }

  it('is reached by psql with sslmode=verify-full by way of a TCP listener that passes TLS on', async () => {
    const { authority, port } = await start();
    const yaml = `mode: tcp\nlisten: 127.0.0.1:0\nbackends: [{ address: '127.0.0.1:${port}' }]\n`;
    const proxy = await labProxy(yaml, { 'ca.crt': authority.cert });
    const [, own = ''] = proxy.address().split(':');
    const place = `host=localhost hostaddr=127.0.0.1 port=${own} user=tester dbname=postgres connect_timeout=20`;
    const ask = async (mode: string): Promise<string> =>
      (
        await runTool('psql', [
          '-Atc',
          'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
          `${place} ${mode}`,
        ])
      ).text;
    const verified = `sslmode=verify-full sslrootcert=${join(proxy.directory, 'ca.crt')}`;
    await eventually(async () => (await ask(verified)) === 't\n', 'PostgreSQL answers');
    expect(await ask('sslmode=disable')).toBe('f\n');
    expect(await ask(verified.replace('verify-full', 'verify-full host=other.test'))).toContain(
      'does not match host name "other.test"',
    );
  });

  // psql asks in plain text whether it may begin TLS, before version 17 always. A client that begins with TLS itself
  // (sslnegotiation=direct) can be decrypted by the proxy; this one does as such a psql does.
  it('is reached by clients that begin with TLS by way of a TCP listener with a certificate', async () => {
    const { authority, server, port } = await start();
    const proxy = await labProxy(
      `mode: tcp
listen: 127.0.0.1:0
tls: { cert_file: db.crt, key_file: db.key, alpn_protocols: [postgresql] }
backends: [{ address: '127.0.0.1:${port}' }]
`,
      { 'db.crt': server.cert, 'db.key': server.key },
    );
    const own = Number(proxy.address().split(':')[1]);
    const body = Buffer.from('\0\x03\0\0user\0tester\0database\0postgres\0\0', 'latin1');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length + 4);
    const ask = async (): Promise<string> => {
      const options = { port: own, host: '127.0.0.1', servername: 'db.test', ca: authority.cert };
      const socket = connect({ ...options, ALPNProtocols: ['postgresql'] });
      let text = '';
      socket
        .on('error', () => undefined)
        .on('data', (bytes: Buffer) => {
          text += bytes.toString('latin1');
          // ReadyForQuery.
          if (text.endsWith('Z\0\0\0\x05I')) socket.end(Buffer.from('X\0\0\0\x04', 'latin1'));
        });
      socket.write(Buffer.concat([length, body]));
      await new Promise((resolve) => socket.once('close', resolve));
      return `${String(socket.alpnProtocol)} ${text}`;
    };
    await eventually(async () => (await ask()).includes('server_version'), 'PostgreSQL answers over TLS');
    expect(await ask()).toMatch(/^postgresql R\0\0\0\x08\0\0\0\0/);
  });
});
