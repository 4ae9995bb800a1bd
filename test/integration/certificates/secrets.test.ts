import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import type { IssuedCertificate } from '../../support/certificates.ts';
import type { LabProxy } from '../../support/labs/lab-proxy.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { askAdmin, type AdminAnswer } from '../../support/peers/admin-client.ts';
import { backend } from '../../support/peers/backends.ts';
import { named } from '../../support/peers/http-talk.ts';
import { CA, REFUSED, shakeHands } from './live-site.ts';

const PASSWORD = 'open-sesame-open-sesame';
const WRONG_PASSWORD = 'open-barley-open-barley';
const TOKEN = 'token-of-operators-0123456789';

const site = CA.issue({ names: ['a.test'], keyPassword: PASSWORD });
const other = CA.issue({ names: ['a.test'], keyType: 'rsa' });
const own = CA.issue({ subject: 'proxy', usage: 'client' });
const admin = CA.issue();

/** Parts of a private key that stand in one line of its file. */
function linesOf({ key }: IssuedCertificate): string[] {
  return key.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----'));
}

const SECRETS = [
  PASSWORD,
  WRONG_PASSWORD,
  TOKEN,
  'PRIVATE KEY-----',
  ...[site, other, own, admin].flatMap(linesOf),
];

function secretsIn(text: string): string[] {
  // In JSON a line break is written as \n, and a slash may be escaped.
  return SECRETS.filter((secret) => text.replaceAll('\\/', '/').includes(secret));
}

async function textOfFolder(folder: string): Promise<string> {
  // Files are written beside their place first.
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  expect(names.length).toBeGreaterThan(0);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
}

function yaml(address: string, history: string, edit: string, key = 'site.key'): string {
  return `
listeners:
  - name: web
    listen: '127.0.0.1:0'
    upstream: app
    tls: { cert_file: site.crt, key_file: ${key}, key_password_file: password }
upstreams:
  - name: app
    backends: [{ address: '${address}' }]
  - name: secure
    backends: [{ address: '${address}' }]
    tls: { ca_file: ca.crt, client_cert_file: own.crt, client_key_file: own.key }
admin: { listen: '127.0.0.1:0', token_file: token, tls: { cert_file: admin.crt, key_file: admin.key } }
logging: { level: debug }
reload: { watch: false, history_dir: '${history}' }
# ${edit}
`;
}

const FILES = {
  'site.crt': site.chain,
  'site.key': site.key,
  'other.key': other.key,
  'own.crt': own.chain,
  'own.key': own.key,
  'admin.crt': admin.chain,
  'admin.key': admin.key,
  'ca.crt': CA.cert,
  password: PASSWORD,
  token: TOKEN,
};

function ask(proxy: LabProxy, path: string, method = 'GET', body?: string): Promise<AdminAnswer> {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  return askAdmin(proxy.adminAddress, path, { method, body, headers, tls: { ca: CA.cert } });
}

it('shows no part of a private key, a password or a token anywhere', async () => {
  const { address } = await backend(named('hello'));
  const history = await mkdtemp(join(tmpdir(), 'balance-history-'));
  onTestFinished(() => rm(history, { recursive: true }));
  const proxy = await labProxy(yaml(address, history, 'first'), FILES);
  (await shakeHands(proxy)).destroy();
  const said: string[] = [];
  const keep = async (...question: [path: string, method?: string, body?: string]): Promise<AdminAnswer> => {
    const answer = await ask(proxy, ...question);
    said.push(answer.body);
    return answer;
  };
  const reload = async (): Promise<void> => {
    said.push(JSON.stringify(await proxy.app.reload()));
  };

  for (const path of [
    '/config',
    '/config?format=yaml',
    '/status',
    '/connections',
    '/metrics',
    '/config/history',
  ])
    await keep(path);
  expect(said[0]).toContain('site.key');
  // No other file has the private key.
  for (const key of ['other.key', 'own.key', 'token', 'password', 'site.crt', 'none.key']) {
    expect((await keep('/config/diff', 'POST', yaml(address, history, 'compared', key))).status).toBe(422);
    said.push(JSON.stringify(await proxy.edit(yaml(address, history, key, key))));
  }
  await proxy.untilLogged(REFUSED);
  await writeFile(proxy.configFile, yaml(address, history, 'second'));
  for (const [name, content] of [
    ['password', WRONG_PASSWORD],
    ['password', ''],
    ['site.key', site.key.slice(0, 120)],
    ['site.key', site.key.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')],
    ['site.key', site.key + other.key],
    ['token', `${TOKEN} with more\nlines`],
  ] as const) {
    await writeFile(join(proxy.directory, name), content);
    await reload();
    expect((await keep('/reload', 'POST')).status, name).toBe(422);
    await writeFile(join(proxy.directory, name), FILES[name]);
  }
  await proxy.change(yaml(address, history, 'third').replace('level: debug', 'level: info'));
  await keep('/config/rollback', 'POST');
  await keep('/config/history');
  await keep('/status');

  expect(secretsIn(`${site.key}${PASSWORD}`).length).toBeGreaterThan(3);
  for (const text of said) expect([text, secretsIn(text)]).toEqual([text, []]);
  expect(secretsIn(await textOfFolder(history))).toEqual([]);
  expect(secretsIn(await proxy.log())).toEqual([]);
  expect(secretsIn(await proxy.errors())).toEqual([]);
});
