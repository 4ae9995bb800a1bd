import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { owned } from '../../../support/owned.ts';
import { answering } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';

/** What the backend answers to each path: status and field lines. */
const ANSWERS: Readonly<Record<string, readonly [status: string, lines: string]>> = {
  '/app/moved': ['302 Found', 'Location: http://backend.test:9001/next?a#b\r\n'],
  '/app/alike': ['302 Found', 'Location: http://backend.test:90011/next\r\n'],
  '/app/fresh': [
    '200 OK',
    'Refresh: 5; url=http://backend.test:9001/x\r\nContent-Location: http://backend.test:9001\r\n',
  ],
  '/app/cookies': [
    '200 OK',
    'Set-Cookie: a=1; Path=/app/in; Domain=.Backend.test; HttpOnly; SameSite=None\r\nSet-Cookie: b=2; Path=/other\r\n',
  ],
  '/app/plain': ['200 OK', 'Location: /here\r\nX-Other: y\r\n'],
  '/app/missing': ['404 Not Found', ''],
  '/app/login': ['401 Unauthorized', 'WWW-Authenticate: Basic realm="x"\r\n'],
};

describe('rewriting of responses', () => {
  let proxy: RunningProxy;
  let backend: RecordingBackend;

  beforeAll(async () => {
    backend = await RecordingBackend.start(
      answering((request) => {
        const [status, lines] = ANSWERS[request.startLine.split(' ')[1] ?? ''] ?? ['200 OK', ''];
        return `HTTP/1.1 ${status}\r\n${lines}Content-Length: 4\r\n\r\nbody`;
      }),
    );
    proxy = await startProxy(`
listeners:
  - listen: "127.0.0.1:0"
    upstream: app
    http:
      error_pages: [{ statuses: [401, 404], body: 'our page', backends: true }]
      transform:
        response_headers:
          - { action: set, name: X-Frame-Options, value: DENY, always: true }
          - { action: set, name: X-Only, value: backends }
      routes:
        - name: app
          paths: [/app]
          upstream: app
          transform:
            response_headers: [{ action: remove, name: X-Request-ID, always: true }]
            locations: [{ from: 'http://backend.test:9001', to: 'https://\${host}/app' }]
            cookie_rewrites: { domain: { backend.test: shop.test }, path: { /app: / }, secure: true, same_site: lax }
        - { name: gone, paths: [/gone], redirect: { to: /app } }
upstreams:
  - { name: app, backends: [{ name: app, address: "${backend.address}" }] }
`);
  });
  afterAll(async () => {
    await proxy.close();
    await backend.close();
  });

  const get = async (path: string, lines = ''): Promise<Message> => {
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\n${lines}\r\n`);
    return readMessage(client);
  };

  it('changes the beginning of URLs in Location, Content-Location and Refresh', async () => {
    expect(fieldValues(await get('/app/moved'), 'location')).toEqual(['https://shop.test/app/next?a#b']);
    expect(fieldValues(await get('/app/alike'), 'location')).toEqual(['http://backend.test:90011/next']);
    const fresh = await get('/app/fresh');
    expect(fieldValues(fresh, 'refresh')).toEqual(['5; url=https://shop.test/app/x']);
    expect(fieldValues(fresh, 'content-location')).toEqual(['https://shop.test/app']);
    expect(fieldValues(await get('/app/plain'), 'location')).toEqual(['/here']);
  });

  it('changes cookies: domain, path and flags', async () => {
    expect(fieldValues(await get('/app/cookies'), 'set-cookie')).toEqual([
      'a=1; Path=/in; Domain=shop.test; HttpOnly; Secure; SameSite=Lax',
      'b=2; Path=/other; Secure; SameSite=Lax',
    ]);
  });

  it('leaves a response as it is on a route without rules', async () => {
    const message = await get('/other');
    expect([message.body.toString(), ...fieldValues(message, 'x-only')]).toEqual(['body', 'backends']);
  });

  it('sets headers of answers of the proxy itself only with always', async () => {
    const gone = await get('/gone');
    expect([statusOf(gone), ...fieldValues(gone, 'x-frame-options')]).toEqual([302, 'DENY']);
    expect(fieldValues(gone, 'x-only')).toEqual([]);
    expect(fieldValues(gone, 'x-request-id')).toHaveLength(1);
    const refused = await get('/gone/..%2f..%2fapp');
    expect([statusOf(refused), ...fieldValues(refused, 'x-frame-options')]).toEqual([400, 'DENY']);
  });

  it('puts error pages in the place of errors of backends, and keeps what helps the client', async () => {
    const missing = await get('/app/missing');
    expect([statusOf(missing), missing.body.toString()]).toEqual([404, 'our page']);
    expect(fieldValues(missing, 'x-request-id')).toEqual([]);
    const login = await get('/app/login');
    expect([statusOf(login), ...fieldValues(login, 'www-authenticate')]).toEqual([401, 'Basic realm="x"']);
    expect((await get('/app/missing', 'Accept: application/json\r\n')).body.toString()).toBe('body');
  });
});
