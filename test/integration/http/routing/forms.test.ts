import { describe, expect, it } from 'vitest';

import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { startProxy } from '../../../support/labs/start-proxy.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';

/** Serves a config, in which `ONE` and `TWO` stand for backends. Returns what answers a GET: the backend, or the status and the place. */
async function serving(yaml: string): Promise<(host: string, target: string) => Promise<string>> {
  const one = owned(await RecordingBackend.start(answering(() => ok('one'))));
  const two = owned(await RecordingBackend.start(answering(() => ok('two'))));
  const proxy = owned(await startProxy(yaml.replaceAll('ONE', one.address).replaceAll('TWO', two.address)));
  return async (host, target) => {
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const message = await readMessage(client);
    const status = statusOf(message);
    return status === 200 ? message.body.toString() : [status, ...fieldValues(message, 'location')].join(' ');
  };
}

describe('routes with conditions and actions', () => {
  it('stand in a flat file', async () => {
    const ask = await serving(`
mode: http
listen: '127.0.0.1:0'
backends: [{ name: one, address: 'ONE' }, { name: two, address: 'TWO' }]
http:
  default: { redirect: { to: 'https://main.test\${uri}' } }
  routes:
    - { hosts: [a.test, b.test], paths: [/app], backends: [two] }
    - { paths: [{ exact: /gone }], respond: { status: 410 } }
    - { paths: [/new], split: [{ backends: [one], weight: 0 }, { backends: [two] }] }
`);
    expect(await ask('a.test', '/app/x')).toBe('two');
    expect(await ask('b.test', '/app')).toBe('two');
    expect(await ask('c.test', '/app?q')).toBe('302 https://main.test/app?q');
    expect(await ask('c.test', '/gone')).toBe('410');
    expect(await ask('c.test', '/new')).toBe('two');
  });

  it('stand in a gateway file', async () => {
    const ask = await serving(`
listen: '127.0.0.1:0'
health_check: { enabled: false }
http: { default: 418 }
routes:
  - { path: /api, backends: ['ONE'] }
  - { name: api-b, hosts: [b.test], path: /api, backends: ['TWO'] }
  - { name: old, paths: [{ suffix: .html }], redirect: { to: '/api', status: 301 } }
`);
    expect(await ask('a.test', '/api/x')).toBe('one');
    expect(await ask('b.test', '/api/x')).toBe('two');
    expect(await ask('b.test', '/x.html')).toBe('301 /api');
    expect(await ask('b.test', '/x')).toBe('418');
  });
});
