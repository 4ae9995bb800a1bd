import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../../src/cli/command-line/command-line.ts';
import { explain } from '../../../../src/cli/offline/explain.ts';
import type { Explanation } from '../../../../src/runtime/explain/explanation.ts';
import { testContext } from '../test-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'balance-explain-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const CONFIG = `
listeners:
  - name: web
    listen: 127.0.0.1:8080
    upstream: app
    http:
      via: edge
      routes:
        - name: admin
          host: admin.test
          path: /exact
          upstream: app
        - name: api
          path_prefix: /api
          headers: { X-Version: '2' }
          upstream: app
          transform:
            strip_prefix: /api
            request_headers: [{ action: set, name: X-Team, value: api }]
            response_headers: [{ action: remove, name: Server }]
  - { name: raw, listen: 127.0.0.1:5432, mode: tcp, upstream: db }
upstreams:
  - name: app
    load_balancer: { algorithm: consistent-hash, hash_key: 'header:X-User' }
    backends:
      - { name: one, address: '127.0.0.1:1', weight: 2 }
      - { name: away, address: '127.0.0.1:2', weight: 0 }
  - { name: db, backends: [{ address: '127.0.0.1:3' }] }
`;

function explained(...words: string[]) {
  return explainedBy(CONFIG, ...words);
}

async function explainedBy(config: string, ...words: string[]) {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, config);
  const context = testContext();
  const line = parseCommandLine(['explain', '--config', file, ...words], {});
  if (line.command !== 'explain') throw new Error(`understood as ${JSON.stringify(line)}`);
  return { code: await explain(line, context), ...context.written(folder) };
}

describe('explain', () => {
  it('tells the way of a request, one step a paragraph', async () => {
    const { code, stdout, stderr } = await explained(
      'http://localhost:8080/api/7?x=1',
      '-H',
      'X-Version: 2',
      '-H',
      'X-User: u',
      '--from',
      '10.0.0.9',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "request    GET /api/7?x=1 from 10.0.0.9
      listener   web (http, 127.0.0.1:8080): listens on port 8080
      route      api: path_prefix /api, header x-version 2
                 not admin: host is localhost, not admin.test; path is /api/7, not /exact
      forwarded  GET /7?x=1 HTTP/1.1 (was /api/7?x=1)
                 + X-Forwarded-For: 10.0.0.9
                 + X-Real-IP: 10.0.0.9
                 + X-Forwarded-Proto: http
                 + X-Forwarded-Host: localhost:8080
                 + X-Forwarded-Port: 8080
                 + Via: 1.1 edge
                 + CDN-Loop: <loop mark>
                 + X-Request-ID: <request id>
                 + X-Team: api
      response   - server
      upstream   app (consistent-hash, header:x-user = u)
      backends   one   127.0.0.1:1  candidate, weight 2
                 away  127.0.0.1:2  no candidate: its weight is 0, weight 0
      picked     one: the only candidate
      note       not a running proxy: health, load and whose turn it is are not known
      "
    `);
  });

  it.each([
    ['streams', 'via: edge', true],
    ['buffers', 'via: edge\n      request_buffering: { size: 64KiB }', false],
  ])('shows Expect to the backend only where the proxy %s bodies', async (_what, http, isShown) => {
    const words = [
      'PUT',
      'http://localhost:8080/a',
      '-H',
      'Expect: 100-continue',
      '-H',
      'Content-Length: 5',
      '--json',
    ];
    const { stdout } = await explainedBy(CONFIG.replace('via: edge', http), ...words);
    const { forwarded } = JSON.parse(stdout) as Explanation;
    const names = forwarded!.headers.map(([name]) => name);
    expect(names).toContain('Content-Length');
    expect(names.includes('Expect')).toBe(isShown);
    expect(forwarded!.changes.removed.some(([name]) => name === 'Expect')).toBe(!isShown);
  });

  it('says why no route takes a request', async () => {
    const { stdout } = await explained('POST', 'http://localhost:8080/api', '-H', 'X-Version: 1');
    expect(stdout).toMatchInlineSnapshot(`
      "request    POST /api from 127.0.0.1
      listener   web (http, 127.0.0.1:8080): listens on port 8080
      route      none; the listener web has an upstream of its own
                 not admin: host is localhost, not admin.test; path is /api, not /exact
                 not api: header x-version is 1, not 2
      forwarded  POST /api HTTP/1.1
                 + X-Forwarded-For: 127.0.0.1
                 + X-Real-IP: 127.0.0.1
                 + X-Forwarded-Proto: http
                 + X-Forwarded-Host: localhost:8080
                 + X-Forwarded-Port: 8080
                 + Via: 1.1 edge
                 + CDN-Loop: <loop mark>
                 + X-Request-ID: <request id>
      upstream   app (consistent-hash, header:x-user = not there)
      backends   one   127.0.0.1:1  candidate, weight 2
                 away  127.0.0.1:2  no candidate: its weight is 0, weight 0
      picked     one: the only candidate
      note       not a running proxy: health, load and whose turn it is are not known
      "
    `);
  });

  it('says which answer comes from the proxy itself', async () => {
    const { stdout } = await explained('http://localhost:8080/', '-H', 'Via: 1.1 edge');
    expect(stdout).toMatchInlineSnapshot(`
      "request    GET / from 127.0.0.1
      listener   web (http, 127.0.0.1:8080): listens on port 8080
      answer     508 by the proxy itself: the request came through this proxy before
      note       not a running proxy: health, load and whose turn it is are not known
      "
    `);
  });

  it('tells of a connection without requests', async () => {
    const { stdout } = await explained('--listener', 'raw');
    expect(stdout).toMatchInlineSnapshot(`
      "client     127.0.0.1
      listener   raw (tcp, 127.0.0.1:5432): asked for by its name
      upstream   db (round-robin)
      backends   127.0.0.1:3  candidate, weight 1
      picked     127.0.0.1:3: the only candidate
      note       not a running proxy: health, load and whose turn it is are not known
      "
    `);
  });

  it('writes the same as JSON', async () => {
    const { stdout } = await explained('http://localhost:8080/other', '--json');
    expect(JSON.parse(stdout) as Explanation).toMatchObject({
      listener: { name: 'web' },
      route: '',
      upstream: { name: 'app' },
    });
  });

  it('exits with 2 when the question fits no listener', async () => {
    expect(await explained('http://localhost:9999/')).toMatchInlineSnapshot(`
      {
        "code": 2,
        "stderr": "balance: no listener has port 9999; name one of them: web (127.0.0.1:8080), raw (127.0.0.1:5432)
      ",
        "stdout": "",
      }
    `);
  });

  it('shows how backends may read a path that is refused for that, and which route each reading meets', async () => {
    const config = `
listeners:
  - name: web
    listen: 127.0.0.1:8080
    http:
      routes:
        - { name: admin, path_prefix: /admin, upstream: app }
        - { name: files, path_prefix: /files, upstream: app }
upstreams: [{ name: app, backends: [{ address: '127.0.0.1:1' }] }]
`;
    const { stdout } = await explainedBy(config, 'http://web.test/files/..%2fadmin/%00');
    expect(stdout).toContain(
      `answer     400 by the proxy itself: the path can be read in several ways, which meet different routes\n`,
    );
    expect(stdout).toMatch(/^readings {3}\/files\/\.\.%2[fF]admin\/%00: route files\n {11}\//m);
    expect(stdout).toMatch(/^ {11}\/admin\S*: route admin$/m);
    const { stdout: none } = await explainedBy(config, '--json', 'http://web.test/files/..%2fx');
    expect((JSON.parse(none) as Explanation).answer?.readings).toEqual([
      { path: expect.stringMatching(/^\/files\/\.\.%2fx$/i) as string, rule: 'files' },
      { path: '/x' },
      { path: '/files/../x', rule: 'files' },
    ]);
    const { stdout: plain } = await explainedBy(config, 'http://web.test/files/x');
    expect(plain).not.toContain('readings');
  });
});

describe('explain, of what follows a first try', () => {
  const RESILIENT = `
listen: 127.0.0.1:8080
backends:
  - { name: one, address: '127.0.0.1:1', max_requests: 10, zone: a }
  - { name: two, address: '127.0.0.1:2', zone: b }
  - { name: three, address: '127.0.0.1:3', backup: true }
load_balancer: { zone: a }
queue: { max_size: 20, timeout: 2s }
mirror: { backends: ['127.0.0.1:9'], percent: 10 }
resilience:
  retry: { max_attempts: 3, on: [reset, 503] }
  hedge: { after: 100ms }
  circuit_breaker: {}
http:
  routes:
    - { name: once, path_prefix: /once, retry: false, mirror: { backends: ['127.0.0.1:8'], percent: 0 } }
    - { name: own, path_prefix: /own, retry: { max_attempts: 5, per_try_timeout: 2s }, hedge: false }
    - { name: all, path_prefix: / }
`;

  it('tells the rules of the upstream, the mirror, the queue and the group', async () => {
    const { code, stdout } = await explainedBy(RESILIENT, 'http://localhost:8080/');
    expect(code).toBe(0);
    expect(stdout.slice(stdout.indexOf('upstream '))).toMatchInlineSnapshot(`
      "upstream   default (round-robin)
      backends   one    127.0.0.1:1  candidate, weight 1, priority 0, zone a, 0 of 10 requests
                 two    127.0.0.1:2  candidate, weight 1, priority 0, zone b
                 three  127.0.0.1:3  candidate, weight 1, backup
      group      priority 0, zone a: as long as one of them is up; 1 of 1 backends of zone a are up, zone_min_up is 50 %
      queue      up to 20 requests wait for 2s when no backend has room
      retries    up to 3 tries, on reset, 503
      hedge      a second try after 100ms
      budget     second tries are 20 % of the requests that run, and at least 3
      mirror     10 % of the requests go to mirror as well
      picked     depends on what ran before
      note       not a running proxy: health, load and whose turn it is are not known
      "
    `);
  });

  it('tells what a route changes', async () => {
    const own = await explainedBy(RESILIENT, 'POST', 'http://localhost:8080/own');
    expect(own.stdout).toContain(
      'retries    up to 5 tries, on reset, 503, each for 2s at most; with this method only if no backend got the request; the route changes what the upstream says\n',
    );
    expect(own.stdout).not.toContain('\nhedge');
    const once = await explainedBy(RESILIENT, 'http://localhost:8080/once');
    expect(once.stdout).toContain('retries    none: retry: false of the route\n');
    expect(once.stdout).not.toMatch(/\n(?:hedge|mirror|budget)/);
  });

  it('has all of it in JSON', async () => {
    const { stdout } = await explainedBy(RESILIENT, 'http://localhost:8080/own', '--json');
    const { upstream } = JSON.parse(stdout) as Explanation;
    expect(upstream).toMatchObject({
      retry: {
        max_attempts: 5,
        on: ['reset', '503'],
        repeats: true,
        per_try_timeout_ms: 2_000,
        by_route: true,
      },
      retry_budget: { percent: 20, min: 3 },
      mirror: { upstream: 'mirror', percent: 10 },
      queue: { max_size: 20, timeout_ms: 2_000 },
      group: { priority: 0, zone: 'a' },
    });
    expect(upstream?.backends[0]).toMatchObject({
      health: 'unknown',
      max_requests: 10,
      requests: 0,
      zone: 'a',
    });
    expect(upstream?.backends[2]).toMatchObject({ priority: 'backup' });
  });
});
