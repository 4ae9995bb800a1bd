import { describe, expect, it } from 'vitest';

import { fieldValues, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

/** Spellings that CGI and WSGI turn into the variables of headers that the proxy writes or decides on. */
const COLLIDING = [
  'X_Forwarded_Proto: https',
  'X-Forwarded_Proto: https',
  'x_forwarded-for: 6.6.6.6',
  'X.Forwarded.Host: evil',
  'X_REAL_IP: 6.6.6.6',
  'x_request_id: evil',
  'X_B3_TraceId: evil',
  'Uber_Trace_Id: evil',
  'Content_Length: 7',
  'Transfer_Encoding: chunked',
  'Proxy_Connection: close',
  'Max_Forwards: 0',
];
const OTHERS = ['X_Other: 1', 'x.other: 2', 'User_Agent: u', 'X_Forwarded_Foo: 3', '_: 4'];

const LINES = [...COLLIDING, ...OTHERS].map((line) => `${line}\r\n`).join('');

/** The lines of those that got to the backend. */
async function passed(yaml: string, lines = LINES): Promise<string[]> {
  const stage = await scene({ yaml });
  expect(statusOf(await stage.exchange(get('/', lines)))).toBe(200);
  return stage.seen[0]!.lines.filter((line) => lines.includes(`${line}\r\n`));
}

describe('underscore_headers', () => {
  it.each([
    ['an untrusted client', 'http: {}'],
    ['a trusted proxy', 'http: { trusted_proxies: [127.0.0.1] }'],
  ])('drops what collides with a managed header of %s, by default', async (_who, yaml) => {
    expect(await passed(yaml)).toEqual(OTHERS);
  });

  it('drops all names with underscores on request', async () => {
    expect(await passed('http: { underscore_headers: drop }')).toEqual(['x.other: 2']);
  });

  it('keeps all on request', async () => {
    expect(await passed('http: { underscore_headers: keep }')).toEqual([...COLLIDING, ...OTHERS]);
  });

  it('refuses requests with underscores on request, and no others', async () => {
    const stage = await scene({ yaml: 'http: { underscore_headers: refuse }' });
    const { status, body } = await stage.refusal(get('/', 'X_Other: 1\r\n'));
    expect({ status, body }).toMatchObject({
      status: 400,
      body: expect.stringContaining('underscore') as string,
    });
    expect(stage.seen).toHaveLength(0);
    expect(statusOf(await stage.exchange(get('/', 'X-Other: a_b\r\nX.Real.IP: 1\r\n')))).toBe(200);
    expect(fieldValues(stage.seen[0]!, 'x.real.ip')).toEqual([]);
  });

  it.each([
    ['drop', 'X_Tenant', ''],
    ['drop-colliding', 'X_Tenant', 'r'],
    ['drop-colliding', 'X_Real_IP', ''],
    ['keep', 'X_Real_IP', 'r'],
  ])('decides what routes see, too: %s, %s', async (policy, name, route) => {
    const stage = await scene({
      yaml: `http:
  underscore_headers: ${policy}
  routes: [{ name: r, headers: { ${name}: a }, backends: [one] }]
transform: { response_headers: [{ action: set, name: X-Route, value: "\${route}" }] }`,
    });
    expect(fieldValues(await stage.exchange(get('/', `${name}: a\r\n`)), 'x-route')).toEqual([route]);
  });

  it('keeps the headers of responses', async () => {
    const stage = await scene({
      respond: () => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX_Request_Id: 1\r\nX_Real_IP: 2\r\n\r\n',
    });
    const response = await stage.exchange(get());
    expect(fieldValues(response, 'x_request_id')).toEqual(['1']);
    expect(fieldValues(response, 'x_real_ip')).toEqual(['2']);
  });

  it('drops them from trailers too', async () => {
    const stage = await scene();
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    await stage.exchange(`${head}0\r\nX_Real.IP: 6.6.6.6\r\nx_sum: 1\r\n\r\n`);
    expect(stage.seen[0]!.trailers).toEqual(['x_sum: 1']);
  });

  it('is told in the debug line of a request', async () => {
    const stage = await scene({ yaml: 'logging: { level: debug }' });
    await stage.exchange(get('/', 'X_Real_IP: 1\r\nX-Other: 1\r\nx_request.id: 2\r\n'));
    await stage.stop();
    const line = (await stage.proxy.logLines()).find((text) => text.includes('Request received'));
    expect(line).toContain(' dropped_headers="X_Real_IP, x_request.id"');
  });
});

describe('a header that a transform sets or removes', () => {
  const yaml = (more = ''): string => `
http: { ${more} }
transform:
  request_headers:
    - { action: set, name: X-User, value: proxy }
    - { action: remove, name: X-Secret }
    - { action: set, name: X_Role, value: none }
    - { action: remove, name: X_Plain }
    - { action: add, name: X-Tag, value: ours }
`;
  const lines = [
    'X_User: evil',
    'x.user: evil',
    'X-USER: evil',
    'X_Secret: evil',
    'X-Role: evil',
    'x.role: evil',
    'X_Plain: evil',
    'X-Plain: kept',
    'X_Tag: kept',
    'X_Users: kept',
    '',
  ].join('\r\n');

  it('has no other spelling beside it', async () => {
    expect(await passed(yaml(), lines)).toEqual(['X-Plain: kept', 'X_Tag: kept', 'X_Users: kept']);
  });

  it('goes by its exact name where all spellings are kept', async () => {
    const kept = await passed(yaml('underscore_headers: keep'), lines);
    expect(kept).toEqual(
      lines.split('\r\n').filter((line) => line !== '' && !/^(X-USER|X_Plain):/.test(line)),
    );
  });
});
