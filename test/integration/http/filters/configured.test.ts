import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { writeInto } from '../../../support/write-into.ts';

/** A filter that adds its text to the field X-Way of responses, and notes its life in the log. */
const WAY = (version: string): string => `
export default {
  apiVersion: 2,
  kind: 'http-filter',
  name: 'way',
  configSchema: {
    type: 'object',
    properties: { text: { type: 'string' }, wait: { type: 'string', format: 'duration', default: '0s' } },
    required: ['text'],
    additionalProperties: false,
  },
  provision: ({ text, wait }, host) => {
    if (text === 'broken') throw new Error('can not be made');
    const count = host.state('count', () => ({ requests: 0 }));
    return {
      request: (request) => {
        count.requests += 1;
        request.variables.set(text, String(wait));
        if (request.path === '/throw') throw new Error('thrown by ' + text);
        return wait === 0 ? undefined : new Promise((resolve) => host.timer(wait, () => resolve(undefined)));
      },
      response: (response, request) => {
        response.addHeader('X-Way', '${version} ' + text + ' ' + count.requests);
        if (request.path === '/brew') response.setStatus(418);
      },
      close: () => host.logger.info('way closed', { text }),
    };
  },
};
`;

interface Shape {
  readonly filters?: string;
  readonly routes?: string;
  readonly more?: string;
}

async function lab(
  shape: Shape,
  files: Readonly<Record<string, string>> = {},
): Promise<{
  proxy: LabProxy;
  yaml: (shape: Shape) => string;
}> {
  const { address } = await backend(answering(() => ok('from the backend')));
  const yaml = ({ filters = '[]', routes = '[]', more = '' }: Shape): string => `
listeners:
  - name: web
    listen: '127.0.0.1:0'
    upstream: app
    http:
      filters: ${filters}
      routes: ${routes}
      ${more}
upstreams: [{ name: app, backends: [{ address: '${address}' }] }]
plugins: { directory: plugins }
reload: { debounce: 10ms, poll_interval: 200ms }
`;
  return { proxy: await labProxy(yaml(shape), { 'plugins/way.mjs': WAY('v1'), ...files }), yaml };
}

const get = (proxy: LabProxy, path = '/', headers: Record<string, string> = {}) =>
  fetch(`http://${proxy.address()}${path}`, { headers });

describe('filters in the config', () => {
  it('run those of the listener before those of the route, each with its own options', async () => {
    const { proxy } = await lab({
      filters: '[{ use: way, text: all }]',
      routes:
        '[{ name: api, path_prefix: /api, upstream: app, filters: [{ use: way, text: one }, { use: way, text: two }] }]',
    });
    const api = await get(proxy, '/api');
    expect(api.headers.get('x-way')).toBe('v1 two 3, v1 one 3, v1 all 3');
    expect(await api.text()).toBe('from the backend');
    expect((await get(proxy)).headers.get('x-way')).toBe('v1 all 4');
    expect((await get(proxy, '/brew')).status).toBe(418);
  });

  it('are refused with line and column, and the names that exist', async () => {
    const { proxy, yaml } = await lab({});
    const unknown = await proxy.edit(yaml({ filters: '[{ use: wey, text: a }]' }));
    expect(unknown.message).toContain(
      'balance.yaml:7:24 listeners[0].http.filters[0].use is "wey", which is no filter; did you mean "way"?',
    );
    expect(unknown.message).toContain('there are: address-list, compress, cors, security-headers, way');
    const wrong = await proxy.edit(
      yaml({
        routes:
          '[{ name: a, path: /a, upstream: app, filters: [{ use: way, text: 5, wait: long, size: 1 }] }]',
      }),
    );
    expect(wrong.message).toMatch(
      /balance\.yaml:8:\d+ listeners\[0\]\.http\.routes\[0\]\.filters\[0\]\.text must be/,
    );
    expect(wrong.message).toMatch(/filters\[0\]\.wait/);
    expect(wrong.message).toMatch(/filters\[0\]\.size/);
    expect((await get(proxy)).status).toBe(200);
  });

  it('whose upstream does not exist are refused at its place', async () => {
    const { proxy, yaml } = await lab({});
    const outcome = await proxy.edit(yaml({ filters: '[{ use: cors, origins: ["*"], upstream: nowhere }]' }));
    expect(outcome.message).toContain(
      'filters[0].upstream names the upstream "nowhere", which does not exist',
    );
  });

  it('that can not be made refuse the edit with their place, and what is live goes on', async () => {
    const { proxy, yaml } = await lab({ filters: '[{ use: way, text: first }]' });
    const outcome = await proxy.edit(
      yaml({ filters: '[{ use: way, text: second }, { use: way, text: broken }]' }),
    );
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain('listener web, filters[1]: plugin way failed: can not be made');
    expect(await proxy.untilLogged('way closed')).toContain('text=second');
    expect((await get(proxy)).headers.get('x-way')).toBe('v1 first 1');
  });

  it('keep their state over an edit, and the old ones close when their last request is over', async () => {
    const { proxy, yaml } = await lab({ filters: '[{ use: way, text: slow, wait: 300ms }]' });
    const slow = get(proxy);
    const changes = await proxy.change(yaml({ filters: '[{ use: way, text: fast }]' }));
    expect(changes).toContain('filter');
    expect((await slow).headers.get('x-way')).toMatch(/^v1 (slow|fast) /);
    expect((await get(proxy)).headers.get('x-way')).toMatch(/^v1 fast [23]$/);
    expect(await proxy.untilLogged('way closed')).toContain('text=slow');
  });

  it('cost a request that they throw for a 500 and a log line with the place', async () => {
    const { proxy } = await lab({
      routes: '[{ name: api, path_prefix: /, upstream: app, filters: [{ use: way, text: one }] }]',
    });
    expect((await get(proxy, '/throw')).status).toBe(500);
    const line = await proxy.untilLogged('Filter failed');
    expect(line).toMatch(/listener=web .*route=api filter=way index=0 hook=request error="thrown by one"/);
    expect((await get(proxy)).status).toBe(200);
  });

  it('are replaced with their file while requests run, and none fails', async () => {
    const { proxy } = await lab({ filters: '[{ use: way, text: a }]' });
    const seen = new Set<string>();
    let isOver = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const response = await get(proxy);
        expect(response.status).toBe(200);
        await response.arrayBuffer();
        seen.add((response.headers.get('x-way') ?? '').slice(0, 2));
      }
    });
    for (const version of ['v2', 'v3']) {
      await writeInto(proxy.directory, { 'plugins/way.mjs': WAY(version) });
      await eventually(() => seen.has(version) || undefined, `${version} serves`);
    }
    isOver = true;
    await Promise.all(load);
    expect([...seen]).toEqual(['v1', 'v2', 'v3']);
    // A filter that is broken is refused, and the one before stays.
    await writeInto(proxy.directory, {
      'plugins/way.mjs': WAY('v4').replace("kind: 'http-filter'", "kind: 'gate'"),
    });
    expect(await proxy.untilLogged('plugin refused')).toContain(
      'it must be \\"protocol\\" or \\"http-filter\\"',
    );
    // So is one that can be imported, but not be made.
    await writeInto(proxy.directory, { 'plugins/way.mjs': WAY('v5').replace("if (text === 'broken')", '') });
    expect(await proxy.untilLogged('filters[0]: can not be made')).toContain('plugin refused');
    expect((await get(proxy)).headers.get('x-way')).toMatch(/^v3 /);
  });

  it('can not take the name of one that comes with the proxy', async () => {
    const { proxy } = await lab({}, { 'plugins/mine.mjs': WAY('v1').replace("name: 'way'", "name: 'cors'") });
    expect(await proxy.untilLogged('plugin refused')).toContain("cors is built in and can't be replaced");
  });

  it('let a WebSocket handshake through, and a protocol keeps its name from them', async () => {
    const { address } = await backend(async (connection) => {
      await readHead(connection);
      connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
      );
    });
    const yaml = `
mode: http
listen: '127.0.0.1:0'
backends: [{ address: '${address}' }]
http: { filters: [{ use: way, text: ws, wait: 20ms }] }
plugins: { directory: plugins }
`;
    const proxy = await labProxy(yaml, { 'plugins/way.mjs': WAY('v1') });
    const socket = await client(proxy.address());
    socket.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const head = await readHead(socket);
    expect(head).toContain('101');
    expect(head).toContain('X-Way: v1 ws 1');
    await socket.untilText('hello');
    const outcome = await proxy.edit(yaml.replace('mode: http', 'mode: way'));
    expect(outcome.message).toContain('mode');
    expect(outcome.ok).toBe(false);
  });
});

describe('the filter address-list', () => {
  it('refuses by the address that a trusted proxy names, and follows its files', async () => {
    const { proxy } = await lab(
      {
        filters: '[{ use: address-list, deny: ["10.0.0.0/8", "2001:db8::/32"], deny_files: [blocked.txt] }]',
        more: "trusted_proxies: ['127.0.0.1']",
      },
      { 'blocked.txt': '# nobody yet\n192.0.2.1\n' },
    );
    const from = async (address: string): Promise<number> =>
      (await get(proxy, '/', { 'X-Forwarded-For': address })).status;
    expect(await from('10.1.2.3')).toBe(403);
    expect(await from('::ffff:10.1.2.3')).toBe(403);
    expect(await from('2001:db8::1')).toBe(403);
    expect(await from('192.0.2.1')).toBe(403);
    expect(await from('192.0.2.2')).toBe(200);
    await writeFile(join(proxy.directory, 'blocked.txt'), '192.0.2.2\n');
    await eventually(async () => (await from('192.0.2.2')) === 403 || undefined, 'the file is read again');
    expect(await from('192.0.2.1')).toBe(200);
    await writeFile(join(proxy.directory, 'blocked.txt'), '192.0.2.2\nnonsense\n');
    expect(await proxy.untilLogged('kept what it had read before')).toContain('blocked.txt:2');
    expect(await from('192.0.2.2')).toBe(403);
  });

  it('refuses all that an allow list does not have, and a file that is missing', async () => {
    const { proxy, yaml } = await lab({
      filters: '[{ use: address-list, allow: ["192.0.2.0/24"], status: 404 }]',
    });
    expect((await get(proxy)).status).toBe(404);
    await proxy.edit(yaml({ filters: '[{ use: address-list, allow: [] }]' }));
    expect((await get(proxy)).status).toBe(403);
    const outcome = await proxy.edit(yaml({ filters: '[{ use: address-list, allow_files: [none.txt] }]' }));
    expect(outcome.message).toContain("none.txt can't be read");
  });
});

describe('filters of a gateway file', () => {
  it('stand at routes', async () => {
    const { address } = await backend(answering(() => ok('from the backend')));
    const proxy = await labProxy(`
listen: '127.0.0.1:0'
health_check: { enabled: false }
routes:
  - { path: /open, backends: ['${address}'] }
  - { path: /net, backends: ['${address}'], filters: [{ use: address-list, deny: [127.0.0.0/8] }] }
`);
    expect((await get(proxy, '/open')).status).toBe(200);
    expect((await get(proxy, '/net')).status).toBe(403);
  });
});

describe('the filter cors', () => {
  const FILTERS =
    '[{ use: cors, origins: ["https://a.test", "https://*.b.test"], credentials: true, max_age: 1h }]';

  it('answers preflights itself, and echoes the origins that it has', async () => {
    const { proxy } = await lab({ filters: FILTERS });
    const socket = await client(proxy.address());
    socket.send(
      'OPTIONS /x HTTP/1.1\r\nHost: a\r\nOrigin: https://a.test\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n\r\n',
    );
    const answer = await readMessage(socket, { noBody: true });
    expect(statusOf(answer)).toBe(204);
    const text = answer.lines.join('\n');
    expect(text).toContain('Access-Control-Allow-Origin: https://a.test');
    expect(text).toContain('Access-Control-Allow-Credentials: true');
    expect(text).toContain('Access-Control-Allow-Headers: x-a');
    expect(text).toContain('Access-Control-Max-Age: 3600');
    const allowed = await get(proxy, '/', { Origin: 'https://deep.b.test' });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://deep.b.test');
    expect(allowed.headers.get('vary')).toBe('Origin');
    const other = await get(proxy, '/', { Origin: 'https://xb.test' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(other.headers.get('vary')).toBe('Origin');
  });

  it('refuses all sites together with credentials', async () => {
    const { proxy, yaml } = await lab({});
    const outcome = await proxy.edit(yaml({ filters: '[{ use: cors, origins: ["*"], credentials: true }]' }));
    expect(outcome.message).toMatch(
      /7:\d+ listeners\[0\]\.http\.filters\[0\]\.origins\[0\] can't be \* together/,
    );
  });
});
