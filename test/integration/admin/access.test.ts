import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateKey } from 'node:crypto';
import { connect as connectPlain } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';

import { askAdmin } from '../../support/peers/admin-client.ts';
import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { connectUnix, killedSocketFile } from '../../support/sockets/unix-sockets.ts';

const TOKEN = 'an-admin-token-of-a-test';
const BEARER = { Authorization: `Bearer ${TOKEN}` };

const config = (admin: string): string =>
  `mode: http\nlisten: '127.0.0.1:0'\nbackends: [{ name: a, address: '127.0.0.1:1' }]\nreload: { watch: false }\nadmin: ${admin}\n`;

const base = (more: string): string => config('').replace('admin: \n', `${more}\n`);

function start(admin: string, files: Readonly<Record<string, string>> = {}): Promise<LabProxy> {
  return labProxy(config(admin), files);
}

describe('an admin server of this machine', () => {
  it('answers without a token', async () => {
    const { adminAddress } = await start(`{ listen: '127.0.0.1:0' }`);
    expect((await askAdmin(adminAddress, '/status')).status).toBe(200);
  });

  it('refuses pages of other origins, whatever they ask', async () => {
    const { adminAddress } = await start(`{ listen: '127.0.0.1:0' }`);
    for (const Origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', adminAddress]) {
      const answer = await askAdmin(adminAddress, '/health', { headers: { Origin } });
      expect([Origin, answer.status]).toEqual([Origin, 403]);
      expect(answer.json()).toMatchObject({ error: 'foreign_origin' });
    }
    const own = { headers: { Origin: `http://${adminAddress}` } };
    expect((await askAdmin(adminAddress, '/status', own)).status).toBe(200);
  });

  it('refuses names that could be made to lead here', async () => {
    const { adminAddress } = await start(`{ listen: '127.0.0.1:0' }`);
    const status = async (path: string, Host: string): Promise<number> =>
      (await askAdmin(adminAddress, path, { headers: { Host } })).status;
    expect(await status('/status', 'rebound.example')).toBe(403);
    expect(await status('/status', 'rebound.example:9090')).toBe(403);
    for (const host of ['localhost:9', 'LOCALHOST', '127.0.0.1', '10.1.2.3:80', '[::1]:9090']) {
      expect([host, await status('/status', host)]).toEqual([host, 200]);
    }
    expect(await status('/ready', 'balance.internal')).toBe(200);
  });
});

describe('an admin server at a unix socket', () => {
  it('answers without a token, also where a killed process left its socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'balance-admin-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 'admin.sock');
    await killedSocketFile(path);
    await start(`{ listen: 'unix:${path}' }`);
    const socket = owned(await connectUnix(path));
    socket.send('GET /ready HTTP/1.1\r\nHost: whatever\r\n\r\n');
    expect(await socket.untilText('}')).toMatch(/^HTTP\/1\.1 200 /);
    await expect(start(`{ listen: 'unix:${path}' }`)).rejects.toThrow('another process listens there');
  });
});

describe('an admin server with a token', () => {
  it('answers only who sends it, whatever the path', async () => {
    const proxy = await start(`{ listen: '127.0.0.1:0', token: ${TOKEN} }`);
    const ask = (path: string, Authorization?: string) =>
      askAdmin(proxy.adminAddress, path, { headers: Authorization === undefined ? {} : { Authorization } });
    for (const path of ['/status', '/health', '/metrics', '/nothing']) {
      const answer = await ask(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="balance admin"');
    }
    for (const wrong of [`Bearer ${TOKEN}x`, 'Bearer', 'Bearer x y', `Basic ${TOKEN}`, TOKEN]) {
      expect([wrong, (await ask('/status', wrong)).status]).toEqual([wrong, 401]);
    }
    expect((await ask('/status', `bearer ${TOKEN}`)).status).toBe(200);
    const line = await proxy.untilLogged('admin request refused');
    expect(line).toContain('unauthorized');
    expect(await proxy.log()).not.toContain(TOKEN);
  });

  it('shows what is public to anybody, also under another name', async () => {
    const { adminAddress } = await start(
      `{ listen: '127.0.0.1:0', token: ${TOKEN}, public: [live, metrics] }\nmetrics: { listen: '127.0.0.1:0', path: /m }`,
    );
    const Host = 'balance.internal';
    expect((await askAdmin(adminAddress, '/live', { headers: { Host } })).status).toBe(200);
    expect((await askAdmin(adminAddress, '/m')).status).toBe(200);
    expect((await askAdmin(adminAddress, '/ready')).status).toBe(401);
    expect((await askAdmin(adminAddress, '/live', { method: 'POST' })).status).toBe(401);
    expect((await askAdmin(adminAddress, '/status', { headers: { ...BEARER, Host } })).status).toBe(200);
  });

  it('takes it from a file, and another one after an edit', async () => {
    const proxy = await start(`{ listen: '127.0.0.1:0', token_file: secret }`, { secret: ` ${TOKEN}\n` });
    const status = async (token: string): Promise<number> =>
      (await askAdmin(proxy.adminAddress, '/status', { headers: { Authorization: `Bearer ${token}` } }))
        .status;
    expect(await status(TOKEN)).toBe(200);
    await writeFile(join(proxy.directory, 'secret'), 'another-token-of-a-test');
    expect(await proxy.app.reload()).toMatchObject({ ok: true });
    expect([await status(TOKEN), await status('another-token-of-a-test')]).toEqual([401, 200]);
    await writeFile(join(proxy.directory, 'secret'), 'short');
    const outcome = await proxy.app.reload();
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain(
      'admin.token_file must name a file with a token of at least 16 characters',
    );
    expect(await status('another-token-of-a-test')).toBe(200);
  });

  it('tells of another token without telling one', async () => {
    const other = 'another-token-of-a-test';
    const proxy = await start(`{ listen: '127.0.0.1:0', token: ${TOKEN} }`);
    await writeFile(proxy.configFile, config(`{ listen: '127.0.0.1:0', token: ${other} }`));
    const answer = await askAdmin(proxy.adminAddress, '/reload', { method: 'POST', headers: BEARER });
    expect(answer.json()).toMatchObject({ ok: true, change_count: 1 });
    await proxy.untilLogged('config reloaded');
    const told = answer.body + (await proxy.log());
    expect(told).toContain('admin');
    expect([told.includes(TOKEN), told.includes(other)]).toEqual([false, false]);
  });

  it('is refused when its file is missing, with the place in the config', async () => {
    await expect(start(`{ listen: '127.0.0.1:0', token_file: nowhere }`)).rejects.toThrow(
      /balance.yaml:5:\d+ admin.token_file .*does not exist/,
    );
  });
});

describe('an admin server with a certificate', () => {
  const authority = new CertificateAuthority();
  const server = authority.issue();
  const files = { 'cert.pem': server.cert, 'key.pem': server.key, 'ca.pem': authority.cert };
  const tls = { ca: authority.cert };
  const withTls = `{ listen: '127.0.0.1:0', tls: { cert: cert.pem, key: key.pem } }`;
  const withClients = `{ listen: '127.0.0.1:0', public: [live], tls: { cert: cert.pem, key: key.pem, client_ca: ca.pem } }`;

  it('speaks HTTPS only', async () => {
    const { adminAddress } = await start(withTls, files);
    expect((await askAdmin(adminAddress, '/status', { tls })).status).toBe(200);
    const plain = await askAdmin(adminAddress, '/status');
    expect([plain.status, plain.body]).toEqual([400, expect.stringContaining('This port speaks HTTPS')]);
    expect((await askAdmin(adminAddress, '/status', { tls })).status).toBe(200);
  });

  it('answers clients with a certificate of the authority; others see what is public', async () => {
    const { adminAddress } = await start(withClients, files);
    const mine = { tls: { ...tls, ...authority.issue('operator') } };
    const foreign = { tls: { ...tls, ...new CertificateAuthority('other').issue('operator') } };
    expect((await askAdmin(adminAddress, '/status', mine)).status).toBe(200);
    const refused = await askAdmin(adminAddress, '/status', { tls });
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ error: 'certificate_required' });
    expect((await askAdmin(adminAddress, '/status', foreign)).status).toBe(403);
    expect((await askAdmin(adminAddress, '/live', { tls })).status).toBe(200);
  });

  it('refuses a client whose certificate is revoked, and from then on its session too', async () => {
    const operator = authority.issue('operator');
    const crl = (...revoked: { cert: string }[]): string => authority.revocationList(revoked);
    const listed = withClients.replace('client_ca: ca.pem', 'client_ca: ca.pem, client_crl_file: crl.pem');
    const proxy = await start(listed, { ...files, 'crl.pem': crl() });
    const mine = { ...tls, ...operator };
    const first = await sessionAt(proxy.adminAddress, mine, '/status');
    expect(first.answer).toContain(' 200 ');
    await writeFile(join(proxy.directory, 'crl.pem'), crl(operator));
    expect(await proxy.app.reload()).toMatchObject({ ok: true });
    const again = await sessionAt(
      proxy.adminAddress,
      { ...mine, ...(first.ticket && { session: first.ticket }) },
      '/status',
    );
    expect([again.isReused, again.answer]).toEqual([false, expect.stringContaining(' 403 ')]);
    expect((await askAdmin(proxy.adminAddress, '/status', { tls: mine })).status).toBe(403);
  });

  it('speaks HTTPS on a unix socket', async () => {
    const proxy = await labProxy(base(''), files);
    const path = join(proxy.directory, 'admin.sock');
    await proxy.change(config(withTls.replace('127.0.0.1:0', `unix:${path}`)));
    const socket = connect({ path, ca: authority.cert, servername: 'localhost' });
    await once(socket, 'secureConnect');
    socket.end('GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toContain('200 OK');
    const plain = connectPlain(path);
    plain.end('GET /live HTTP/1.1\r\n\r\n');
    expect(await text(plain)).toContain('This port speaks HTTPS');
  });

  it('asks a client without a certificate for it again, instead of resuming its session', async () => {
    const { adminAddress } = await start(withClients, files);
    const first = await sessionAt(adminAddress, tls, '/status');
    expect(first.answer).toContain(' 403 ');
    const withTicket = { ...tls, ...(first.ticket && { session: first.ticket }) };
    const again = await sessionAt(adminAddress, withTicket, '/status');
    expect([again.isReused, again.answer]).toEqual([false, expect.stringContaining(' 403 ')]);
    const better = { ...withTicket, ...authority.issue('operator') };
    const shown = await sessionAt(adminAddress, better, '/status');
    expect([shown.isReused, shown.answer]).toEqual([false, expect.stringContaining(' 200 ')]);
    const resumed = await sessionAt(
      adminAddress,
      { ...better, ...(shown.ticket && { session: shown.ticket }) },
      '/status',
    );
    expect([resumed.isReused, resumed.answer]).toEqual([true, expect.stringContaining(' 200 ')]);
  });

  it('takes the token beside the certificate when there are both', async () => {
    const { adminAddress } = await start(withClients.replace('public: [live]', `token: ${TOKEN}`), files);
    const mine = { ...tls, ...authority.issue('operator') };
    expect((await askAdmin(adminAddress, '/status', { tls: mine })).status).toBe(401);
    expect((await askAdmin(adminAddress, '/status', { tls, headers: BEARER })).status).toBe(403);
    expect((await askAdmin(adminAddress, '/status', { tls: mine, headers: BEARER })).status).toBe(200);
  });

  it('shows another certificate after an edit of its files, and drops no connection', async () => {
    const proxy = await start(withTls, files);
    const { adminAddress } = proxy;
    const [host = '', port] = adminAddress.split(':');
    const open = connect({ host, port: Number(port), ca: authority.cert });
    await once(open, 'secureConnect');
    const other = new CertificateAuthority('renewed');
    const renewed = other.issue();
    await writeFile(join(proxy.directory, 'cert.pem'), renewed.cert);
    const half = await proxy.app.reload();
    expect(half.message).toContain(
      'admin.tls.key names the file "key.pem", whose private key does not belong',
    );
    expect((await askAdmin(adminAddress, '/status', { tls })).status).toBe(200);
    await writeFile(join(proxy.directory, 'key.pem.new'), renewed.key);
    await rename(join(proxy.directory, 'key.pem.new'), join(proxy.directory, 'key.pem'));
    expect(await proxy.app.reload()).toMatchObject({ ok: true });
    expect(proxy.adminAddress).toBe(adminAddress);
    expect((await askAdmin(adminAddress, '/status', { tls: { ca: other.cert } })).status).toBe(200);
    await expect(askAdmin(adminAddress, '/status', { tls })).rejects.toThrow();
    open.write('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = (await once(open, 'data')) as [Buffer];
    expect(answer.toString()).toContain('200 OK');
    open.destroy();
  });

  it('resumes sessions of clients over a change of the certificate', async () => {
    const proxy = await start(withTls, files);
    const session = await sessionAt(proxy.adminAddress, { ca: authority.cert });
    const renewed = authority.issue();
    await writeFile(join(proxy.directory, 'key.pem'), renewed.key);
    await writeFile(join(proxy.directory, 'cert.pem'), renewed.cert);
    await proxy.app.reload();
    const again = await sessionAt(proxy.adminAddress, {
      ca: authority.cert,
      ...(session.ticket && { session: session.ticket }),
    });
    expect([session.isReused, again.isReused]).toEqual([false, true]);
  });

  it('ends open connections when other clients are trusted', async () => {
    const proxy = await start(withClients, files);
    const [host = '', port] = proxy.adminAddress.split(':');
    const mine = authority.issue('operator');
    const open = connect({ host, port: Number(port), ca: authority.cert, ...mine });
    open.on('error', () => undefined);
    await once(open, 'secureConnect');
    const ended = once(open, 'close');
    await writeFile(join(proxy.directory, 'ca.pem'), new CertificateAuthority('other').cert);
    await proxy.app.reload();
    await ended;
    const refused = await askAdmin(proxy.adminAddress, '/status', { tls: { ...tls, ...mine } });
    expect(refused.status).toBe(403);
  });

  it('takes the names of the keys that listeners have, and an encrypted key', async () => {
    const encrypted = createPrivateKey(server.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'open sesame',
    });
    const { adminAddress } = await start(
      `{ listen: '127.0.0.1:0', tls: { cert_file: cert.pem, key_file: key.pem, key_password_file: pass, min_version: '1.3' } }`,
      { ...files, 'key.pem': encrypted.toString(), pass: 'open sesame\n' },
    );
    expect((await askAdmin(adminAddress, '/status', { tls })).status).toBe(200);
    await expect(sessionAt(adminAddress, { ...tls, maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it('logs why a handshake failed, and says nothing of a client that only connects', async () => {
    const proxy = await start(withTls, files);
    const [host = '', port] = proxy.adminAddress.split(':');
    const checking = connectPlain(Number(port), host);
    await once(checking, 'connect');
    checking.destroy();
    expect((await askAdmin(proxy.adminAddress, '/status')).status).toBe(400);
    await proxy.untilLogged('TLS handshake failed');
    const lines = (await proxy.log()).split('\n').filter((line) => line.includes('TLS handshake failed'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('error=http_request');
    expect(lines[0]).toContain('server="admin server"');
  });

  it('goes from HTTP to HTTPS and back without being bound again', async () => {
    const proxy = await start(`{ listen: '127.0.0.1:0' }`, files);
    const { adminAddress } = proxy;
    await proxy.change(config(withTls));
    expect((await askAdmin(adminAddress, '/status', { tls })).status).toBe(200);
    await proxy.change(config(`{ listen: '127.0.0.1:0' }`));
    expect((await askAdmin(adminAddress, '/status')).status).toBe(200);
  });

  it.each([
    ['cert.pem', 'no certificate', 'admin.tls.cert names the file "cert.pem", which holds no certificate'],
    [
      'key.pem',
      authority.issue().key,
      'admin.tls.key names the file "key.pem", whose private key does not belong',
    ],
    ['ca.pem', '', 'admin.tls.client_ca names the file "ca.pem", which is empty'],
  ])('is refused with a bad %s', async (file, text, problem) => {
    await expect(start(withClients, { ...files, [file]: text })).rejects.toThrow(problem);
  });
});

describe('a metrics server with a certificate', () => {
  const authority = new CertificateAuthority();
  const server = authority.issue();
  const files = { 'cert.pem': server.cert, 'key.pem': server.key, 'ca.pem': authority.cert };
  const section = (more = ''): string =>
    `metrics: { enabled: true, listen: '127.0.0.1:0', tls: { cert_file: cert.pem, key_file: key.pem${more} } }`;

  it('speaks HTTPS', async () => {
    const proxy = await labProxy(base(section()), files);
    const tls = { ca: authority.cert };
    expect((await askAdmin(proxy.adminAddress, '/metrics', { tls })).status).toBe(200);
    expect((await askAdmin(proxy.adminAddress, '/metrics')).status).toBe(400);
  });

  it('is for clients with a certificate when it names their authority', async () => {
    const proxy = await labProxy(base(section(', client_ca_file: ca.pem')), files);
    const mine = { ca: authority.cert, ...authority.issue('prometheus') };
    expect((await askAdmin(proxy.adminAddress, '/metrics', { tls: mine })).status).toBe(200);
    expect((await askAdmin(proxy.adminAddress, '/metrics', { tls: { ca: authority.cert } })).status).toBe(
      403,
    );
  });

  it('can not share the address of the admin server', async () => {
    const both = section().replace("'127.0.0.1:0'", "'127.0.0.1:9090'");
    await expect(labProxy(base(`admin: { listen: '127.0.0.1:9090' }\n${both}`), files)).rejects.toThrow(
      'metrics.tls is only for a server of the metrics alone',
    );
  });
});

/** The session that a client may resume later, whether this connection resumed one, and what the server answered. */
async function sessionAt(
  address: string,
  options: ConnectionOptions,
  path = '/live',
): Promise<{ isReused: boolean; ticket: Buffer | undefined; answer: string }> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port), ...options });
  let ticket: Buffer | undefined;
  socket.on('session', (session: Buffer) => {
    ticket = session;
  });
  await once(socket, 'secureConnect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  const isReused = socket.isSessionReused();
  socket.destroy();
  return { isReused, ticket, answer: answer.toString() };
}
