import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { get, scene, type Scene } from '../scene.ts';

const SHOWN = 'transform: { response_headers: [{ action: set, name: X-Route, value: "${route}" }] }';

/** The route that takes a target and what the backend gets, or the status of the answer. */
async function way(stage: Scene, target: string): Promise<string> {
  const response = await stage.exchange(get(target));
  if (statusOf(response) !== 200) return String(statusOf(response));
  const path = stage.seen.at(-1)!.startLine.split(' ')[1]!;
  return `${fieldValues(response, 'x-route').join()} ${path}`;
}

describe('the paths of routes', () => {
  it.each([
    ['/%61dmin', '/admin', '/ADMIN'],
    ['//a/./b/../c', '/a/c', '/a/b/c'],
    ['/a%3ab', '/a:b', '/a%253ab'],
    ['/größe', '/gr%c3%b6%C3%9fe', '/gr%f6%dfe'],
    ["/a'b", '/a%27b', '/a%22b'],
    ['/a%2fb', '/a%2Fb', '/a/b'],
    ['/a;v=1', '/a;v=1', '/a'],
  ])('may be spelled in any way: %s takes %s and not %s', async (path, taken, other) => {
    for (const key of ['path', 'path_prefix']) {
      const yaml = `http: { routes: [{ name: r, ${key}: "${path}", backends: [one] }] }\n${SHOWN}`;
      const stage = await scene({ yaml });
      expect(await way(stage, taken)).toBe(`r ${taken}`);
      expect(await way(stage, other)).toBe(` ${other}`);
    }
  });
});

describe('a path that can be read in several ways', () => {
  const SPELLINGS = [
    '/a/../admin',
    '/a/..%2fadmin',
    '/a/..;/admin',
    '/..\\admin',
    '/admin%00',
    '/admin;x',
    '/%c0%aeadmin',
  ];

  it('goes on byte by byte where no route looks at paths', async () => {
    const stage = await scene({
      yaml: `http: { routes: [{ name: r, headers: { host: example.test }, backends: [one] }] }\n${SHOWN}`,
    });
    for (const target of SPELLINGS) expect(await way(stage, target)).toBe(`r ${target}`);
  });

  it('goes on where all readings meet the same route', async () => {
    const stage = await scene({
      yaml: `http: { routes: [{ name: r, path_prefix: /, backends: [one] }] }\n${SHOWN}`,
    });
    for (const target of SPELLINGS) expect(await way(stage, target)).toBe(`r ${target}`);
  });

  it('is refused where it meets different routes, with the reason', async () => {
    const stage = await scene({
      yaml: 'http: { routes: [{ name: r, path_prefix: /admin, backends: [one] }] }',
    });
    for (const target of SPELLINGS.filter((spelling) => !spelling.includes('c0'))) {
      const { status, body } = await stage.refusal(get(target));
      expect([target, status]).toEqual([target, 400]);
      expect(body).toContain('the path can be read in several ways, which meet different routes');
    }
    expect(stage.seen).toHaveLength(0);
    await stage.stop();
    expect((await stage.proxy.logLines()).join('\n')).toContain('path_readings');
  });

  it('is plain data on request', async () => {
    const stage = await scene({
      yaml: `http: { ambiguous_paths: literal, routes: [{ name: r, path_prefix: /admin, backends: [one] }] }\n${SHOWN}`,
    });
    expect(await way(stage, '/a/..%2fadmin')).toBe(' /a/..%2fadmin');
    expect(await way(stage, '/admin;x')).toBe(' /admin;x');
    expect(await way(stage, '/a/../%61dmin')).toBe('r /a/../%61dmin');
  });

  it('is looked at for each host', async () => {
    const stage = await scene({
      yaml: `http: { routes: [{ name: r, host: other.test, path_prefix: /admin, backends: [one] }] }\n${SHOWN}`,
    });
    expect(await way(stage, '/a/..%2fadmin')).toBe(' /a/..%2fadmin');
  });
});

describe('transforms of paths', () => {
  it.each([
    ['strip_prefix: /api', '/%61pi/x', '/x'],
    ['strip_prefix: /%61pi', '/api/x%20y?q=%61', '/x%20y?q=%61'],
    ['strip_prefix: "/a:b"', '/a%3ab/x', '/x'],
    ['strip_prefix: /api', '//api//x/../%79', '/y'],
    ['strip_prefix: /api/', '/%61pi/v1%2Fx', '/v1%2Fx'],
    ['strip_prefix: /api', '/%61pi', '/'],
    ['strip_prefix: /api', '/%61pis/x', '/apis/x'],
    ['add_prefix: /in', '/%61/../../x', '/in/x'],
    ['add_prefix: /in', '/b%2fc', '/in/b%2Fc'],
    ['add_prefix: /größe', '/x', '/gr%C3%B6%C3%9Fe/x'],
    ['rewrite: { pattern: "^", replacement: "/ä$&" }', '/x', '/%C3%A4/x'],
    ['rewrite: { pattern: "^/admin", replacement: "/user" }', '/%61dmin/x', '/user/x'],
  ])('look at the normal form: %s makes of %s %s', async (transform, target, forwarded) => {
    const stage = await scene({ yaml: `transform: { ${transform} }` });
    expect(statusOf(await stage.exchange(get(target)))).toBe(200);
    expect(stage.seen[0]!.startLine).toBe(`GET ${forwarded} HTTP/1.1`);
  });

  it.each(['/..%2f..%2fetc', '/..;/etc', '/x/..%5c..%5cetc', '/%c0%ae./etc'])(
    'let nobody out of the prefix that they put in front: %s',
    async (target) => {
      const stage = await scene({ yaml: 'transform: { add_prefix: /in }' });
      expect((await stage.refusal(get(target))).status).toBe(400);
      expect(stage.seen).toHaveLength(0);
    },
  );
});

it('finds health_endpoint in any spelling', async () => {
  const stage = await scene({ yaml: 'http: { health_endpoint: /h%65alth }' });
  for (const target of ['/health', '//%68ealth', '/./health?x']) {
    expect((await stage.exchange(get(target))).body.toString()).toContain('"status"');
  }
  expect((await stage.exchange(get('/healthy'))).body.toString()).toBe('ok');
});

it('hashes by path whatever its spelling', async () => {
  const servers = await Promise.all(
    Array.from({ length: 5 }, (_, i) => backend(answering(() => ok(`${i}`)))),
  );
  const proxy = await labProxy(`
listen: "127.0.0.1:0"
reload: { watch: false }
load_balancer: { algorithm: consistent-hash, hash_key: path }
backends: [${servers.map(({ address }, i) => `{ name: b${i}, address: "${address}" }`).join(', ')}]
`);
  const peer = await client(proxy.address());
  const ask = async (target: string): Promise<string> => {
    peer.send(get(target));
    return (await readMessage(peer)).body.toString();
  };
  const chosen = new Set<string>();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const plain = await ask(`/${name}/x`);
    const encoded = `%${name.charCodeAt(0).toString(16)}`;
    for (const other of [`/${encoded}/x`, `//${name}/./x`, `/z/../${encoded}//x`])
      expect(await ask(other)).toBe(plain);
    chosen.add(plain);
  }
  expect(chosen.size).toBeGreaterThan(1);
});
