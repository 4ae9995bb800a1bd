import { describe, expect, it } from 'vitest';

import { eventually } from '../../../support/time/eventually.ts';
import { readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { TEST_WORKERS } from '../../../support/workers/test-workers.ts';
import { get, scene, type Scene } from '../scene.ts';

const JSON_LINES = 'logging: { format: json, level: debug, access_log: { enabled: true } }';
const HOST = 'Host: a';

type Line = Readonly<Record<string, unknown>>;

/** The lines of a proxy that logs JSON for which `wanted` holds, as soon as there is one. */
async function lines(stage: Scene, wanted: (line: Line) => boolean): Promise<Line[]> {
  return eventually(async () => {
    const all = (await stage.proxy.logLines()).map((line) => JSON.parse(line) as Line).filter(wanted);
    return all.length > 0 ? all : undefined;
  }, 'a line of the log');
}

const isAccess = (line: Line): boolean => line['message'] === 'access';

/** The access line of a refused request. */
async function accessLineOf(request: string, yaml = ''): Promise<Line> {
  const stage = await scene({ yaml: `${JSON_LINES}\n${yaml}` });
  const client = await stage.client();
  client.send(request);
  await client.untilEnded();
  const [line] = await lines(stage, isAccess);
  return line!;
}

/** The fields of the access line of a refused request. */
async function refusalOf(request: string, yaml = ''): Promise<Line> {
  const { status, refusal, refusal_field, refusal_excerpt } = await accessLineOf(request, yaml);
  return Object.fromEntries(
    Object.entries({ status, refusal, refusal_field, refusal_excerpt }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

describe('the access line of a refused request', () => {
  it.each([
    [`POST /up?a=1 HTTP/1.1\r\n${HOST}\r\nContent-Length: 9\r\n\r\n`, 'POST', '/up'],
    [`GET /two HTTP/1.1\r\n${HOST}\r\nHost: b\r\n\r\n`, 'GET', '/two'],
    [`POST /gzip HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n`, 'POST', '/gzip'],
    [`GET /x%2fy HTTP/1.1\r\n${HOST}\r\n\r\n`, 'GET', '/x%2fy'],
    [`GET http://b/whole HTTP/1.1\r\n${HOST}\r\nX_Y: 1\r\n\r\n`, 'GET', '/whole'],
    [`CONNECT b:1 HTTP/1.1\r\n${HOST}\r\n\r\n`, 'CONNECT', 'b:1'],
    [`GET /${'x'.repeat(70)}?a=1 HTTP/1.1\r\n${HOST}\r\n\r\n`, 'GET', `/${'x'.repeat(70)}`],
    [`GET /${'x'.repeat(2000)} HTTP/1.1\r\n${HOST}\r\n\r\n`, 'GET', `/${'x'.repeat(1023)}...`],
    [`GET /no#frag HTTP/1.1\r\n${HOST}\r\n\r\n`, 'GET', '/no'],
    [`GET http://u:pw@b/in?a HTTP/1.1\r\n${HOST}\r\n\r\n`, 'GET', '/in'],
    [`GET /bad-host HTTP/1.1\r\nHost: a/b\r\n\r\n`, 'GET', '/bad-host'],
    ['nonsense\r\n\r\n', '', ''],
  ])('says what was asked for, as far as that can be told: %j', async (request, method, path) => {
    const line = await accessLineOf(
      request,
      'http: { limits: { body_size: 4B, target_length: 64 }, normalize_path: true, underscore_headers: refuse }',
    );
    expect(line['method']).toBe(method);
    expect(line['path']).toBe(path);
  });

  it.each([
    // The parser's rules.
    [`GET / HTTP/1.1\r\n${HOST}\r\nX-A: 1\x002\r\n\r\n`, 400, 'field_value', 'X-A', '1<\\x00>'],
    [`GET / HTTP/1.1\r\n${HOST}\r\nX A: 12\r\n\r\n`, 400, 'field_name', 'X', '< >'],
    [`GET / HTTP/1.1\r\n${HOST}\r\nX-A: 1\r\n 2\r\n\r\n`, 400, 'folded_field', 'X-A', undefined],
    [
      `GET / HTTP/1.1\r\n${HOST}\r\nContent-Length: 1x\r\n\r\n`,
      400,
      'content_length',
      'Content-Length',
      '1<x>',
    ],
    [
      `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
      'two_lengths',
      'Transfer-Encoding',
      undefined,
    ],
    [`GET /a HTTP/1.1\n${HOST}\n\n`, 400, 'line_end', undefined, undefined],
    ['GET /a?token=hush\x01 HTTP/1.1\r\n\r\n', 400, 'target', undefined, 'GET /a?***<\\x01>'],
    [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      400,
      'tls',
      undefined,
      '\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01',
    ],
    // Those of ours.
    ['GET / HTTP/1.1\r\n\r\n', 400, 'host', 'Host', undefined],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'host', 'Host', 'a, b'],
    ['GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400, 'host', 'Host', 'a b'],
    [`GET a HTTP/1.1\r\n${HOST}\r\n\r\n`, 400, 'target', undefined, undefined],
    [`GET / HTTP/2.0\r\n${HOST}\r\n\r\n`, 505, 'version', undefined, 'HTTP/2.0'],
    [`GE/T / HTTP/1.1\r\n${HOST}\r\n\r\n`, 400, 'method', undefined, undefined],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'version', undefined, 'PRI * HT'],
    [`LIST /a\x01 HTTP/1.1\r\n${HOST}\r\n\r\n`, 400, 'target', undefined, 'LIST /a<\\x01>'],
    [`LIST / HTTP/1.10\r\n${HOST}\r\n\r\n`, 400, 'line_end', undefined, 'LIST / HTTP/1.1<0>'],
    [`LIST / HTTP/1.1\r\n${HOST}\r\nX-A: 1\x002\r\n\r\n`, 400, 'field_value', 'X-A', '1<\\x00>'],
    [`LIST / HTTP/3.1\r\n${HOST}\r\n\r\n`, 505, 'version', undefined, undefined],
    [`CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n\r\n`, 405, 'connect', undefined, 'a:1'],
    [
      `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n`,
      501,
      'transfer_encoding',
      'Transfer-Encoding',
      'gzip, chunked',
    ],
    [
      `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nsecret`,
      400,
      'chunk',
      undefined,
      '<s>',
    ],
    [
      `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5g\r\nhello\r\n`,
      400,
      'chunk',
      undefined,
      '5<g>',
    ],
    [
      `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: a\x01\r\n\r\n`,
      400,
      'trailer',
      'X-T',
      'a<\\x01>',
    ],
  ])('names the rule, the field and the bytes: %j', async (request, status, refusal, field, excerpt) => {
    const said = await refusalOf(request);
    expect(said).toMatchObject({ status, refusal });
    expect(said['refusal_field']).toBe(field);
    if (excerpt !== undefined) expect(said['refusal_excerpt']).toBe(excerpt);
  });

  it.each([
    [
      'limits: { header_size: 1KiB }',
      `GET / HTTP/1.1\r\n${HOST}\r\nX-Big: ${'x'.repeat(1100)}\r\n\r\n`,
      431,
      'head_size',
      'X-Big',
    ],
    ['limits: { header_size: 1KiB }', `GET /${'x'.repeat(1100)}`, 414, 'target_size', undefined],
    [
      'limits: { header_size: 1KiB }',
      `GET /${'x'.repeat(1100)} HTTP/1.1\r\n${HOST}\r\n\r\n`,
      414,
      'target_size',
      undefined,
    ],
    [
      'limits: { header_count: 2 }',
      `GET / HTTP/1.1\r\n${HOST}\r\nA: 1\r\nB: 2\r\n\r\n`,
      431,
      'field_count',
      undefined,
    ],
    [
      'limits: { target_length: 64 }',
      `GET /${'x'.repeat(70)} HTTP/1.1\r\n${HOST}\r\n\r\n`,
      414,
      'target_size',
      undefined,
    ],
    [
      'limits: { body_size: 4B }',
      `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 9\r\n\r\n`,
      413,
      'body_size',
      'Content-Length',
    ],
    ['timeouts: { read: 50ms }', `GET / HTTP/1.1\r\n`, 408, 'head_timeout', undefined],
    [
      'timeouts: { read: 50ms }',
      `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 9\r\n\r\n`,
      408,
      'body_timeout',
      undefined,
    ],
    ['normalize_path: true', `GET /a%2fb HTTP/1.1\r\n${HOST}\r\n\r\n`, 400, 'encoded_path', undefined],
    ['underscore_headers: refuse', `GET / HTTP/1.1\r\n${HOST}\r\nX_A: 1\r\n\r\n`, 400, 'underscore', 'X_A'],
    ['via: here', `GET / HTTP/1.1\r\n${HOST}\r\nVia: 1.1 here\r\n\r\n`, 508, 'loop', 'Via'],
  ])('names the limit that was passed: %s', async (http, request, status, refusal, field) => {
    const said = await refusalOf(request, `http: { ${http} }`);
    expect(said).toMatchObject({ status, refusal });
    expect(said['refusal_field']).toBe(field);
  });

  it.each([
    'Authorization',
    'authorization',
    'Proxy-Authorization',
    'Cookie',
    'Set-Cookie',
    'X-Api-Key',
    'X-Auth-Token',
    'X_Session',
  ])('does not show what %s says', async (name) => {
    const request = `GET / HTTP/1.1\r\n${HOST}\r\n${name}: hush\x01hush\r\n\r\n`;
    expect(await refusalOf(request)).toEqual({
      status: 400,
      refusal: 'field_value',
      refusal_field: name,
      refusal_excerpt: '***<\\x01>',
    });
  });

  it('stays short and on one line', async () => {
    const said = await refusalOf(`GET / HTTP/1.1\r\n${HOST}\r\nX-A: ${'x'.repeat(5000)}\x00\r\n\r\n`);
    expect(said['refusal_excerpt']).toBe(`...${'x'.repeat(64)}<\\x00>`);
  });

  it('is the same in whatever pieces the head comes', async () => {
    const request = `GET / HTTP/1.1\r\n${HOST}\r\nX-Some: abc\x01\r\n\r\n`;
    const stage = await scene({ yaml: JSON_LINES });
    for (let size = 1; size < 12; size++) {
      const client = await stage.client();
      await client.sendPieces(request, size);
      expect(statusOf(await readMessage(client))).toBe(400);
    }
    for (const line of await lines(stage, isAccess)) {
      expect(line).toMatchObject({
        refusal: 'field_value',
        refusal_field: 'X-Some',
        refusal_excerpt: 'abc<\\x01>',
      });
    }
  });

  it('has a line beside it at debug, with the reason in words', async () => {
    const stage = await scene({ yaml: JSON_LINES });
    await stage.exchange(`POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const [line] = await lines(stage, ({ message }) => message === 'Request refused');
    expect(line).toMatchObject({
      level: 'debug',
      status: 400,
      error: 'bad_request',
      reason: 'HTTP/1.0 has no Transfer-Encoding',
      rule: 'transfer_encoding',
      field: 'Transfer-Encoding',
      excerpt: 'chunked',
    });
  });

  it('says nothing of the kind about a request that is served', async () => {
    const stage = await scene({ yaml: JSON_LINES });
    await stage.exchange(get('/a'));
    const [line] = await lines(stage, isAccess);
    expect(Object.keys(line!).filter((key) => key.startsWith('refusal'))).toEqual([]);
  });
});

it('names no host of a request that names several', async () => {
  const line = await accessLineOf('GET /two HTTP/1.1\r\nHost: first.test\r\nHost: last.test\r\n\r\n');
  expect(line).toMatchObject({ path: '/two', status: 400, refusal: 'host' });
  expect((line['host'] as string | undefined) ?? '').not.toContain('.test');
});

describe('the excerpt of a target that is refused', () => {
  it.each([
    ['GET a;sid=hush/b;p=hush?q=hush HTTP/1.1', 'GET a</>'],
    ['GET /a;sid=hush/b;p=hush?q=hush\x01 HTTP/1.1', 'GET /a;***/b;***?***<\\x01>'],
    ['GET /a;sid=hush#hush HTTP/1.1', '/a;***#***'],
    ['CONNECT user:hush@b:1 HTTP/1.1', '***@b:1'],
    ['GET http://user:hush@b/c HTTP/1.1', 'http://***@b/c'],
  ])('shows no secret of it: %j', async (line, excerpt) => {
    const said = await refusalOf(`${line}\r\n${HOST}\r\n\r\n`);
    if (excerpt.includes('***')) expect(said['refusal_excerpt']).toBe(excerpt);
    expect(JSON.stringify(said)).not.toContain('hush');
  });

  it('shows none of a target that is too long either', async () => {
    const target = `/a;sid=hush/${'x'.repeat(1100)}`;
    for (const request of [`GET ${target}`, `GET ${target} HTTP/1.1\r\n${HOST}\r\n\r\n`]) {
      const said = await refusalOf(request, 'http: { limits: { header_size: 1KiB } }');
      expect(said).toMatchObject({ status: 414, refusal: 'target_size' });
      expect(said['refusal_excerpt']).toMatch(/^(?:GET )?\/a;\*\*\*\/x+\.\.\.$/);
    }
  });
});

describe('a refused response', () => {
  it.each([
    ['HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6\n\n', 'content_length', 'Content-Length', '<6>'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n', 'content_length', 'Content-Length', '1, <2>'],
    [
      'HTTP/1.1 200 OK\r\nA: 1\r\ncontent-length : 07,7, 7x\r\n\r\n',
      'content_length',
      'content-length',
      '07,7, 7<x>',
    ],
    ['HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n', 'content_length', 'Content-Length', undefined],
    ['HTTP/1.1 200 OK\nX-A : 1\r2\n\n', 'field_value', 'X-A', '1<\\x0d>'],
    ['HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\r\n\r\n', 'field_name', undefined, undefined],
    ['HTTP/1.1 200 O\rK\r\n\r\n', 'status_line', undefined, 'HTTP/1.1 200 O<\\x0d>'],
    [
      'HTTP/1.1 200 OK\r\nContent-Length: 12345678901234567890123\r\n\r\n',
      'content_length',
      'Content-Length',
      undefined,
    ],
    [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
      'transfer_encoding',
      'Transfer-Encoding',
      'gzip, chunked',
    ],
    ['HTTP/1.1 200 OK\r\nX-A: 1\x002\r\n\r\n', 'field_value', 'X-A', '1<\\x00>'],
    ['HTTP/1.1 200 OK\r\nSet-Cookie: sid=hush\x00\r\n\r\n', 'field_value', 'Set-Cookie', '***<\\x00>'],
    ['HTTP/1.1 099 No\r\n\r\n', 'status_line', undefined, 'HTTP/1.1 099 No'],
    [
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
      'upgrade',
      'Upgrade',
      'foo',
    ],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'version', undefined, undefined],
  ])('is explained to the operator and not to the client: %j', async (response, rule, field, excerpt) => {
    const stage = await scene({
      yaml: JSON_LINES,
      script: (connection) => {
        connection.send(response);
      },
    });
    const got = await stage.exchange(get('/'));
    expect(statusOf(got)).toBe(502);
    expect(got.body.toString()).toMatch(/^502 Bad Gateway: the backend sent an invalid response\n/);
    const [warning] = await lines(stage, ({ message }) => message === 'Backend failed');
    expect(warning).toMatchObject({ level: 'warn', error: 'backend_protocol', backend: 'one', rule });
    expect(warning!['field']).toBe(field);
    if (excerpt !== undefined) expect(warning!['excerpt']).toBe(excerpt);
    expect(warning!['reason']).not.toBe('the backend sent an invalid response');
    const [access] = await lines(stage, isAccess);
    expect(access).toMatchObject({ status: 502, error: 'backend_protocol', refusal: rule });
  });

  it('is explained also when it is broken off in its middle', async () => {
    const stage = await scene({
      yaml: JSON_LINES,
      script: (connection) => {
        connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n');
      },
    });
    const client = await stage.client();
    client.send(get('/'));
    await client.untilEnded();
    const [access] = await lines(stage, isAccess);
    expect(access).toMatchObject({
      status: 200,
      error: 'backend_protocol',
      refusal: 'chunk',
      refusal_excerpt: '<z>',
    });
  });
});

describe('a backend whose responses are served although they are irregular', () => {
  it.each([
    ['HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'line_end', undefined],
    ['HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n', 'version', undefined],
    ['HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n', 'status_line', undefined],
    ['HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n', 'field_name', 'X-A'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n', 'content_length', 'Content-Length'],
    [
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'transfer_encoding',
      'Transfer-Encoding',
    ],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0 \r\n\r\n', 'chunk', undefined],
  ])('is told once, with the rule and the field: %j', async (response, rule, field) => {
    const stage = await scene({ yaml: JSON_LINES, respond: () => response });
    for (let i = 0; i < 3; i++) expect(statusOf(await stage.exchange(get('/')))).toBe(200);
    const told = await lines(stage, ({ message }) => String(message).startsWith('Backend sends irregular'));
    // Each worker tells of what it meets.
    expect(told.length).toBeLessThanOrEqual(TEST_WORKERS);
    expect(new Set(told.map(({ worker }) => worker)).size).toBe(told.length);
    expect(told[0]).toMatchObject({ level: 'warn', backend: 'one', rule });
    expect(told[0]!['field']).toBe(field);
  });
});

it('counts refusals by listener, side and rule', async () => {
  const stage = await scene({
    yaml: 'metrics: { listen: "127.0.0.1:0" }',
    script: (connection) => {
      connection.send('HTTP/1.1 099 No\r\n\r\n');
    },
  });
  await stage.exchange('GET / HTTP/1.1\r\n\r\n');
  await stage.exchange('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  await stage.exchange(get('/'));
  const metrics = await stage.metrics();
  expect(
    metrics.sum('balance_refused_messages_total', { listener: 'default', side: 'request', rule: 'host' }),
  ).toBe(2);
  expect(metrics.sum('balance_refused_messages_total', { side: 'response', rule: 'status_line' })).toBe(1);
});

it('answers a HEAD request without a body also when its head never ends or is malformed', async () => {
  const stage = await scene({ yaml: 'http: { timeouts: { read: 50ms }, limits: { header_size: 1KiB } }' });
  const broken = [
    `HEAD / HTTP/1.1\r\n${HOST}\r\n`,
    `HEAD / HTTP/1.1\r\n${HOST}\r\nX A: 1\r\n\r\n`,
    `HEAD / HTTP/1.1\r\n${HOST}\r\nX-A: ${'x'.repeat(1100)}\r\n\r\n`,
    `HEAD /${'x'.repeat(1100)}`,
    `HEAD / HTTP/1.2\r\n${HOST}\r\n`,
    `HEAD / HTTP/1.2\r\n${HOST}\r\nX A: 1\r\n\r\n`,
    `HEAD / HTTP/1.2\r\n${HOST}\r\nX-A: ${'x'.repeat(1100)}\r\n\r\n`,
  ];
  for (const [index, status] of [408, 400, 431, 414, 408, 400, 431].entries()) {
    const client = await stage.client();
    client.send(broken[index]!);
    const answer = await readMessage(client, { noBody: true });
    expect(statusOf(answer)).toBe(status);
    await client.untilEnded();
    expect(client.received).toHaveLength(0);
  }
});
