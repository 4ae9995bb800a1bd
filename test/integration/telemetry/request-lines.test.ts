import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client, fate } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { fieldValues } from '../../support/peers/http-message.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `traceparent: 00-${TRACE}-b7ad6b7169203331-01\r\n`;

function http(address: string, more = ''): string {
  return `listen: "127.0.0.1:0"\nbackends: [{ name: one, address: "${address}" }]\n${more}`;
}

/** The lines with an id, once there are so many. */
async function linesOf(proxy: LabProxy, id: string, count: number): Promise<string[]> {
  return eventually(async () => {
    const lines = (await proxy.log()).split('\n').filter((line) => line.includes(id));
    return lines.length >= count ? lines : undefined;
  }, `${count} lines with ${id}`);
}

describe('lines about a request', () => {
  it('tell of it from its begin to its end, each with its ids (text)', async () => {
    const { address } = await backend(answering(() => ok('12345')));
    // No collector has to take the spans.
    const tracing = `tracing: { endpoint: "http://${await deadAddress()}/api/traces" }`;
    const proxy = await labProxy(http(address, `logging: { level: debug }\n${tracing}`));
    const { message } = await get(await client(proxy.address()), '/api/users?secret', TRACEPARENT);
    const id = fieldValues(message, 'x-request-id')[0]!;
    const worker = TEST_WORKERS > 1 ? 'worker=\\d ' : '';
    const ids = `trace_id=${TRACE} span_id=[0-9a-f]{16}`;
    const lines = await linesOf(proxy, TRACE, 4);
    const expected = [
      `DEBUG ${ids} Request received ${worker}listener=default request_id=${id} method=GET path=/api/users client_ip=127.0.0.1`,
      `DEBUG ${ids} Backend selected ${worker}listener=default request_id=${id} backend=one algorithm=round-robin`,
      `INFO access client_ip=127.0.0.1 method=GET path=/api/users protocol=HTTP/1.1 status=200 bytes=5 duration=\\S+ user_agent=- backend=one request_id=${id} ${ids}`,
      `DEBUG ${ids} Request completed ${worker}listener=default request_id=${id} status=200 duration=\\S+ bytes=5`,
    ];
    // The access log takes a shorter way to the file.
    for (const line of expected) {
      const pattern = new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ ${line}$`);
      expect(lines.filter((found) => pattern.test(found))).toHaveLength(1);
    }
    expect(lines).toHaveLength(4);
  });

  it('are JSON objects with the same fields, and the place that logged them where that is wanted', async () => {
    const { address } = await backend(answering(() => ok()));
    const proxy = await labProxy(http(address, 'logging: { level: debug, format: json, add_caller: true }'));
    const { message } = await get(await client(proxy.address()), '/x');
    const id = fieldValues(message, 'x-request-id')[0]!;
    const lines = (await linesOf(proxy, id, 4)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line['message']).sort()).toEqual([
      'Backend selected',
      'Request completed',
      'Request received',
      'access',
    ]);
    for (const line of lines) {
      expect(line['request_id']).toBe(id);
      expect(line['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      if (line['message'] === 'access') continue;
      expect(line).toMatchObject({ level: 'debug', listener: 'default' });
      expect(line['caller']).toMatch(/^plugins\/http\/records\/exchange-lines\.[tj]s:\d+$/);
    }
  });

  it('say what a backend did wrong', async () => {
    const proxy = await labProxy(http(await deadAddress(), 'logging: { format: json }'));
    const { status, message } = await get(await client(proxy.address()), '/path');
    expect(status).toBe(502);
    const id = fieldValues(message, 'x-request-id')[0]!;
    const lines = (await linesOf(proxy, id, 2)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find((line) => line['level'] === 'warn')).toMatchObject({
      message: 'Backend failed',
      request_id: id,
      method: 'GET',
      path: '/path',
      upstream: 'default',
      backend: 'one',
      error: 'connect_failed',
      reason: expect.stringMatching(/^connect ECONNREFUSED 127\.0\.0\.1:\d+$/) as string,
    });
    expect(lines.find((line) => line['status'] === 502)).toMatchObject({
      backend: 'one',
      error: 'connect_failed',
    });
  });

  it('are not written at the usual level when nothing is wrong', async () => {
    const { address } = await backend(answering(() => ok()));
    const proxy = await labProxy(http(address));
    const { message } = await get(await client(proxy.address()));
    const id = fieldValues(message, 'x-request-id')[0]!;
    expect(await linesOf(proxy, id, 1)).toEqual([expect.stringContaining(' INFO access ')]);
  });
});

describe('the line of a tunnel', () => {
  it('says how much went through a TCP connection, to whom, for how long, and who ended it', async () => {
    const { address } = await backend(echoing());
    const proxy = await labProxy(`mode: tcp\n${http(address, 'logging: { format: json }')}`);
    const socket = await client(proxy.address());
    socket.send('hello');
    await socket.untilText('hello');
    socket.end();
    await socket.untilClosed();
    const line = JSON.parse(await proxy.untilLogged('"ended_by"')) as Record<string, unknown>;
    expect(line).toEqual({
      timestamp: expect.any(String) as string,
      level: 'info',
      message: 'tunnel',
      listener: 'default',
      protocol: 'tcp',
      duration_ms: expect.any(Number) as number,
      client_ip: '127.0.0.1',
      bytes_received: 5,
      bytes_sent: 5,
      upstream: 'default',
      backend: 'one',
      ended_by: 'client',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it('says why there was none', async () => {
    const proxy = await labProxy(`mode: tcp\n${http(await deadAddress())}`);
    expect(await fate(proxy.address())).toBe('reset');
    expect(await proxy.untilLogged('INFO tunnel')).toMatch(
      / protocol=tcp bytes_received=0 bytes_sent=0 duration=\S+ backend=one ended_by=proxy request_id=\S+ error=connect_failed$/,
    );
  });

  it('names the request that asked for an upgrade, and counts bytes that came with the heads', async () => {
    const { address } = await backend((connection) => {
      connection.socket.once('data', () => {
        connection.send(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nwelcome',
        );
      });
      connection.socket.on('end', () => connection.socket.end());
    });
    const proxy = await labProxy(http(address, 'logging: { format: json }'));
    const socket = await client(proxy.address());
    socket.send('GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
    const head = await socket.untilText('welcome');
    const id = /X-Request-ID: (\S+)/i.exec(head)![1]!;
    socket.end();
    await socket.untilClosed();
    const lines = (await linesOf(proxy, id, 2)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ status: 101, path: '/chat', request_id: id });
    expect(lines[1]).toMatchObject({
      protocol: 'websocket',
      request_id: id,
      bytes_received: 5,
      bytes_sent: 7,
      backend: 'one',
      ended_by: 'client',
    });
  });
});

describe('secrets', () => {
  it.each(['text', 'json', 'common', 'combined'])('reach no line (%s)', async (format) => {
    const { address } = await backend(
      answering(() => ok('x', 'Set-Cookie: a=secret-1\r\nLocation: /?token=secret-2\r\n')),
    );
    const proxy = await labProxy(
      http(address, `logging: { level: debug, access_log: { format: ${format} } }`),
    );
    const socket = await client(proxy.address());
    const lines = [
      'Authorization: Bearer secret-3',
      'Cookie: session=secret-4',
      'Proxy-Authorization: Basic secret-5',
      'Referer: https://user:secret-6@a.test/from?token=secret-7#secret-8',
      '',
    ].join('\r\n');
    await get(socket, '/to?token=secret-9', lines);
    await get(socket, '/to;v=1?secret-10', 'Referer: /relative?secret-11\r\n');
    await eventually(async () => (await proxy.log()).includes('/to;v=1'), 'both lines');
    const log = await proxy.log();
    expect(log).not.toContain('secret');
    if (format === 'common' || format === 'combined')
      expect(log).toContain('"GET /to?token=*** HTTP/1.1" 200');
    if (format === 'combined') {
      expect(log).toContain('"https://a.test/from"');
      expect(log).toContain('"/relative"');
    }
  });
});

describe('sampling and filters', () => {
  it('leave the requests out that they are told to, and never errors', async () => {
    const { address } = await backend(
      answering((request) =>
        request.startLine.includes('/fails') ? 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n' : ok(),
      ),
    );
    const proxy = await labProxy(
      http(address, 'logging: { access_log: { sample: 0, fields: [path, status] } }'),
    );
    const socket = await client(proxy.address());
    for (const path of ['/works', '/fails', '/works']) await get(socket, path);
    await proxy.change(
      http(
        address,
        'logging: { access_log: { filter: "status < 500 and not path starts_with /live", fields: [path, status] } }',
      ),
    );
    for (const path of ['/live', '/fails', '/last']) await get(socket, path);
    await proxy.untilLogged('/last');
    const lines = (await proxy.log()).split('\n').filter((line) => line.includes(' INFO access '));
    expect(lines.map((line) => line.replace(/^\S+ INFO access /, ''))).toEqual([
      'path=/fails status=503',
      'path=/last status=200',
    ]);
  });
});
