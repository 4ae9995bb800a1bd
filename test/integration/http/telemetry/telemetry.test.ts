import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, post, scene, type Scene } from '../scene.ts';

const METRICS = 'metrics: { listen: "127.0.0.1:0" }';

/** The access lines of a proxy, as soon as there are so many. */
async function accessLines(stage: Scene, count: number): Promise<string[]> {
  return eventually(async () => {
    const lines = (await stage.proxy.logLines()).filter((line) => line.includes('client_ip'));
    return lines.length >= count ? lines : undefined;
  }, `${count} access lines`);
}

/** Sends each request when the line of the one before is there: several workers write in any order. */
async function linesOf(stage: Scene, requests: readonly string[]): Promise<string[]> {
  let lines: string[] = [];
  for (const request of requests) {
    await stage.exchange(request);
    lines = await accessLines(stage, lines.length + 1);
  }
  return lines;
}

describe('the access log', () => {
  it('has one line of text a request, field by field', async () => {
    const stage = await scene({ respond: () => ok('12345') });
    const response = await stage.exchange(
      get('/some/path?secret=1', 'User-Agent: test agent/1.0\r\nAuthorization: hidden\r\nCookie: hidden\r\n'),
    );
    const [line] = await accessLines(stage, 1);
    const id = fieldValues(response, 'x-request-id')[0]!;
    expect(line).toMatch(
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ INFO access client_ip=127\\.0\\.0\\.1 method=GET path=/some/path protocol=HTTP/1\\.1 status=200 bytes=5 duration=[0-9.]+m?s user_agent="test agent/1\\.0" backend=one request_id=${id}$`,
      ),
    );
  });

  it('has one JSON object a request, field by field', async () => {
    const stage = await scene({
      yaml: 'logging: { format: json }\nhttp: { routes: [{ name: special, path_prefix: /special, backends: [one] }] }',
      respond: () => ok('12345'),
    });
    const response = await stage.exchange(
      'POST /special/x?y HTTP/1.0\r\nHost: some.test:80\r\nUser-Agent: "quoted"\r\nContent-Length: 2\r\n\r\nab',
    );
    const [line] = await accessLines(stage, 1);
    const fields = JSON.parse(line!) as Record<string, unknown>;
    expect(fields).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      level: 'info',
      message: 'access',
      method: 'POST',
      path: '/special/x',
      status: 200,
      duration_ms: expect.any(Number) as number,
      client_ip: '127.0.0.1',
      protocol: 'HTTP/1.0',
      bytes: 5,
      user_agent: '"quoted"',
      backend: 'one',
      request_id: fieldValues(response, 'x-request-id')[0],
      host: 'some.test:80',
      route: 'special',
    });
    expect(fields['duration_ms']).toBeGreaterThan(0);
  });

  it('counts the bytes of bodies, not of their framing', async () => {
    const bodies = [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX: 1\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\n',
      ok('12'),
    ];
    const stage = await scene({ respond: () => bodies.shift() });
    const lines = await linesOf(stage, [get(), get(), get()]);
    expect(lines.map((line) => / bytes=(\d+) /.exec(line)?.[1])).toEqual(['7', '0', '2']);
  });

  it('shows what went wrong', async () => {
    const stage = await scene({
      respond: (_request, connection) => {
        connection.reset();
        return undefined;
      },
    });
    const lines = await linesOf(stage, [get('/dies'), 'nonsense\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']);
    expect(lines[0]).toMatch(/ path=\/dies .* status=502 .* backend=one request_id=\S+ error=backend_reset$/);
    expect(lines[1]).toMatch(
      / status=400 .* backend=- request_id=\S+ error=bad_request refusal=method refusal_excerpt=nonsense$/,
    );
    expect(lines[2]).toMatch(
      / method=GET .* status=400 .* error=bad_request refusal=host refusal_field=Host$/,
    );
  });

  it('cannot be forged by what a client sends', async () => {
    const stage = await scene();
    await stage.exchange(get('/a"b%0aINFO', 'User-Agent: x" status=500 y="\t\xff\r\n'));
    const lines = await accessLines(stage, 1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('user_agent="x\\" status=500 y=\\"');
  });

  it.each([
    ['text', 'user_agent="Zoë/1 日本"', 'referer="http://x/ü"'],
    ['json', '"user_agent":"Zoë/1 日本"', '"referer":"http://x/ü"'],
    ['combined', '"Zo\\xc3\\xab/1 \\xe6\\x97\\xa5\\xe6\\x9c\\xac"', '"http://x/\\xc3\\xbc"'],
  ])('encodes UTF-8 of a client once, and not a second time (%s)', async (format, agent, referer) => {
    const fields = format === 'combined' ? '' : ', fields: [status, client_ip, user_agent, referer]';
    const stage = await scene({ yaml: `logging: { access_log: { format: ${format}${fields} } }` });
    const headers = 'User-Agent: Zoë/1 日本\r\nReferer: http://x/ü?q\r\n';
    await stage.exchange(get('/', Buffer.from(headers).toString('latin1')));
    await stage.stop();
    const lines = (await stage.proxy.logLines()).filter(
      (line) => line.includes('127.0.0.1') && !line.includes('listen'),
    );
    expect(lines).toEqual([expect.stringContaining(agent)]);
    expect(lines[0]).toContain(referer);
  });

  it('chooses lines by the text of a header', async () => {
    const stage = await scene({
      yaml: `logging: { access_log: { fields: [client_ip, path], filter: 'user_agent == "Zoë/1"' } }`,
    });
    const agent = Buffer.from('User-Agent: Zoë/1\r\n').toString('latin1');
    await stage.exchange(get('/hers', agent) + get('/another', 'User-Agent: curl\r\n'));
    await stage.stop();
    const lines = (await stage.proxy.logLines()).filter((line) => line.includes('client_ip'));
    expect(lines).toEqual([expect.stringContaining('path=/hers')]);
  });

  it('is silent when it is off', async () => {
    const stage = await scene({ yaml: 'logging: { access_log: false }' });
    await stage.exchange(get());
    await stage.stop();
    expect((await stage.proxy.logLines()).filter((line) => line.includes('client_ip'))).toEqual([]);
  });
});

describe('metrics', () => {
  it('count known traffic exactly', async () => {
    const stage = await scene({
      yaml: METRICS,
      respond: (request, connection) => {
        if (request.startLine.includes('/dies')) {
          connection.reset();
          return undefined;
        }
        return request.startLine.includes('/missing')
          ? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'
          : ok();
      },
    });
    const client = await stage.client();
    for (let i = 0; i < 5; i++) {
      client.send(get('/a'));
      await readMessage(client);
    }
    for (const request of [post('x'), post('y'), get('/missing'), post('z', '/dies')]) {
      client.send(request);
      await readMessage(client);
    }
    await stage.refusal('nonsense\r\n\r\n');
    const metrics = await stage.metrics();
    const count = (method: string, status: string): number =>
      metrics.sum('balance_requests_total', { backend: 'one', method, status });
    expect([count('GET', '200'), count('POST', '200'), count('GET', '404'), count('POST', '502')]).toEqual([
      5, 2, 1, 1,
    ]);
    expect(metrics.sum('balance_requests_total')).toBe(10);
    expect(metrics.sum('balance_requests_total', { backend: 'none', status: '400' })).toBe(1);
    expect(metrics.sum('balance_request_errors_total', { backend: 'one', error_type: 'backend_reset' })).toBe(
      1,
    );
    expect(metrics.sum('balance_request_errors_total', { error_type: 'bad_request' })).toBe(1);
    expect(metrics.sum('balance_request_duration_seconds_count', { backend: 'one', method: 'GET' })).toBe(6);
    expect(metrics.sum('balance_request_duration_seconds_sum', { backend: 'one' })).toBeGreaterThan(0);
    expect(metrics.sum('balance_backend_requests_in_flight')).toBe(0);
    expect(metrics.sum('balance_pool_connections_created_total')).toBe(1);
    expect(metrics.sum('balance_pool_connections_reused_total')).toBe(8);
    expect(metrics.sum('balance_backend_connections_active')).toBe(0);
    expect(metrics.sum('balance_backend_health_status')).toBe(1);
  });

  it('show what runs and what rests while it does', async () => {
    const stage = await scene({ yaml: METRICS, script: () => undefined });
    const client = await stage.client();
    client.send(get());
    const backend = await stage.backend.connection(0);
    await backend.untilText('\r\n\r\n');
    const during = await stage.metrics();
    backend.send(ok());
    await readMessage(client);
    const after = await stage.metrics();
    const gauges = [
      'balance_backend_requests_in_flight',
      'balance_pool_connections_active',
      'balance_pool_connections_idle',
      'balance_backend_connections_active',
    ];
    expect(gauges.map((name) => during.sum(name))).toEqual([1, 1, 0, 1]);
    expect(gauges.map((name) => after.sum(name))).toEqual([0, 0, 1, 1]);
  });
});

describe('health_endpoint', () => {
  it('answers on the listener itself, before any route, and tells of a backend that is down', async () => {
    const stage = await scene({
      yaml: 'health_endpoint: /healthz\nhealth_check: { type: tcp, interval: 50ms, unhealthy_threshold: 1 }\nhttp: { routes: [{ path_prefix: /, backends: [one] }] }',
    });
    const { address } = stage.backend;
    const up = await eventually(async () => {
      const response = await stage.exchange(get('/healthz?verbose'));
      return response.body.toString().includes('unknown') ? undefined : response;
    }, 'the backend is checked');
    expect(statusOf(up)).toBe(200);
    expect(fieldValues(up, 'content-type')).toEqual(['application/json']);
    expect(JSON.parse(up.body.toString())).toEqual({
      status: 'healthy',
      uptime: expect.stringMatching(/^\d+s$/) as string,
      backends: { [address]: 'healthy' },
      names: { one: 'healthy' },
    });
    expect(stage.seen).toHaveLength(0);
    expect(statusOf(await stage.exchange(get('/healthz/below')))).toBe(200);
    expect(stage.seen.map((seen) => seen.startLine)).toEqual(['GET /healthz/below HTTP/1.1']);
    await stage.backend.close();
    const down = await eventually(async () => {
      const response = await stage.exchange(get('/healthz'));
      return statusOf(response) === 503 ? response : undefined;
    }, 'the backend counts as down');
    expect(JSON.parse(down.body.toString())).toMatchObject({
      status: 'unhealthy',
      backends: { [address]: 'unhealthy' },
    });
    // Each upstream has its own checks, and that of the route may find it out a moment later.
    await eventually(
      async () => statusOf(await stage.exchange(get('/'))) === 503,
      'the upstream of the route knows it too',
    );
  });

  it('has no body for HEAD, and the connection goes on', async () => {
    const stage = await scene({ yaml: 'health_endpoint: /healthz' });
    const client = await stage.client();
    client.send('HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    const head = await readMessage(client, { noBody: true });
    expect(Number(fieldValues(head, 'content-length')[0])).toBeGreaterThan(0);
    client.send(get('/'));
    expect((await readMessage(client)).body.toString()).toBe('ok');
  });
});
