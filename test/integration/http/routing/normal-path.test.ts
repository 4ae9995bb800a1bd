import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { get, scene } from '../scene.ts';

const NORMAL = 'http: { normalize_path: true }';

describe('normalize_path', () => {
  it.each([
    // Nothing to do.
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['/a.b/c..d/...', '/a.b/c..d/...'],
    ['/a?b', '/a?b'],
    // Slashes.
    ['//', '/'],
    ['//a///b', '/a/b'],
    ['/a//', '/a/'],
    // Dot segments, and folders stay folders.
    ['/.', '/'],
    ['/./a/./b', '/a/b'],
    ['/a/.', '/a/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/b/../c', '/a/c'],
    ['/a/b/../../c/', '/c/'],
    ['/a/b//../c', '/a/c'],
    // Not above the root.
    ['/..', '/'],
    ['/../../etc/passwd', '/etc/passwd'],
    ['/a/../../../b', '/b'],
    // Encoded dots are dots, once.
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/a/%2e/b', '/a/b'],
    ['/a%2eb', '/a.b'],
    ['/%252e%252e/a', '/%252e%252e/a'],
    ['/%252f', '/%252f'],
    // So are letters, digits and the other unreserved characters, in either case of digits.
    ['/%61dmin/%4A%4a%7e%2D%5f%30', '/admin/JJ~-_0'],
    ['/%2561', '/%2561'],
    // Other encodings stay, with digits in upper case.
    ['/%41%2B%20%c3%a4%3b', '/A%2B%20%C3%A4%3B'],
    // A percent sign that begins no encoding begins none with what is decoded behind it either.
    ['/a%2G/%', '/a%252G/%25'],
    ['/%%36%31', '/%2561'],
    ['/;a=../b', '/;a=../b'],
    // The query stays.
    ['/a?x=../..//%2F%5c%00\\', '/a?x=../..//%2F%5c%00\\'],
    ['//a/./b?', '/a/b?'],
    ['/a/..?/../?..', '/?/../?..'],
  ])('%s goes on as %s', async (target, forwarded) => {
    const stage = await scene({ yaml: NORMAL });
    expect(statusOf(await stage.exchange(get(target)))).toBe(200);
    expect(stage.seen[0]!.startLine).toBe(`GET ${forwarded} HTTP/1.1`);
    expect(stage.seen[0]!.lines[0]).toBe('Host: example.test');
  });

  it.each([
    '/a%2Fb',
    '/a%2fb',
    '/%2f',
    '/..%2F',
    '/a%5Cb',
    '/a%5c',
    '/a\\b',
    '/..\\',
    '/a%00',
    '/a/%2F/../b',
    '//%2F?x',
    '/..;/a',
    '/a/%2e%2E;x=1/b',
    '/.;/a',
    '/%c0%ae%C0%AE/a',
    '/%e0%80%af',
  ])('refuses what a backend may read otherwise: %s', async (target) => {
    const stage = await scene({ yaml: NORMAL });
    const { status, body, closed } = await stage.refusal(get(target));
    expect({ status, closed }).toEqual({ status: 400, closed: true });
    expect(body).toContain('the path holds an encoded slash, backslash or NUL');
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('takes them where they are plain data', async () => {
    const stage = await scene({ yaml: 'http: { normalize_path: true, ambiguous_paths: literal }' });
    await stage.exchange(get('/a%2fb/../%61%5c%c0%ae'));
    expect(stage.seen[0]!.startLine).toBe('GET /a%5C%C0%AE HTTP/1.1');
  });

  it('is for absolute targets too, and leaves `*` alone', async () => {
    const stage = await scene({ yaml: NORMAL });
    await stage.exchange('GET http://b.test//x/../y/./z?q=/../ HTTP/1.1\r\nHost: a\r\n\r\n');
    await stage.exchange('GET http://b.test?q HTTP/1.1\r\nHost: a\r\n\r\n');
    await stage.exchange('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(stage.seen.map((seen) => seen.startLine)).toEqual([
      'GET /y/z?q=/../ HTTP/1.1',
      'GET /?q HTTP/1.1',
      'OPTIONS * HTTP/1.1',
    ]);
    expect(fieldValues(stage.seen[0]!, 'host')).toEqual(['b.test']);
    expect(await stage.refusal('GET http://b.test/a%2fb HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({
      status: 400,
    });
  });

  it('shows routes, transforms, variables and the access log the path that the backend gets', async () => {
    const seen: Message[] = [];
    const open = await backend(answering(() => ok('open'), seen));
    const secret = await backend(answering(() => ok('secret')));
    const yaml = (normalize: boolean): string => `
listen: "127.0.0.1:0"
reload: { watch: false }
backends: [{ name: open, address: "${open.address}" }, { name: secret, address: "${secret.address}" }]
http:
  normalize_path: ${normalize}
  health_endpoint: /up
  routes:
    - { name: secret, path_prefix: /secret, backends: [secret] }
    - name: open
      path_prefix: /
      backends: [open]
      transform: { response_headers: [{ action: set, name: X-Path, value: "\${path}" }] }
`;
    const proxy = await labProxy(yaml(true));
    const peer = await client(proxy.address());
    const ask = async (target: string): Promise<string> => {
      peer.send(get(target));
      const response = await readMessage(peer);
      return `${response.body.toString()} ${fieldValues(response, 'x-path').join()}`.trim();
    };
    for (const target of [
      '/secret',
      '//secret/x',
      '/open/../secret',
      '/open/%2e%2e/secret/',
      '/./secret?x',
    ]) {
      expect(await ask(target)).toBe('secret');
    }
    expect(await ask('/secret/../open//x')).toBe('open /open/x');
    expect(await ask('//./up')).toContain('"status"');
    await proxy.untilLogged(' path=/open/x ');
    // Without it backends get what the client wrote; routes look at the normal path all the same.
    await proxy.change(yaml(false));
    expect(await ask('//%73ecret')).toBe('secret');
    expect(await ask('/%6fpen//x')).toBe('open /%6fpen//x');
    expect(seen.map((request) => request.startLine)).toEqual([
      'GET /open/x HTTP/1.1',
      'GET /%6fpen//x HTTP/1.1',
    ]);
  });
});
