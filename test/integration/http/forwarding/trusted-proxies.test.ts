import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readMessage, type Message } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { connectUnix } from '../../../support/sockets/unix-sockets.ts';
import { get, scene } from '../scene.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Fields in which a client may claim to forward for another client. */
const CLAIMS = [
  'X-Forwarded-For: 203.0.113.7',
  'x-forwarded-for: 198.51.100.1',
  'X-Real-IP: 203.0.113.8',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: claimed.test',
  'X-Forwarded-Port: 8443',
  'Forwarded: for=203.0.113.9;proto=https',
  'X-Request-ID: claimed-id',
].join('\r\n');

const ABOUT_CLIENT = /^(x-forwarded-|x-real-ip|forwarded|x-request-id)/i;

/** The fields about the client that the backend got, in their order. */
function told(request: Message): string[] {
  return request.lines
    .filter((line) => ABOUT_CLIENT.test(line))
    .map((line) => line.replace(UUID_AT_END, 'UUID'));
}

const UUID_AT_END = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('what an untrusted peer claims about its client', () => {
  it.each([
    ['nobody is trusted', 'http: {}'],
    ['others are', 'http: { trusted_proxies: [127.0.0.2, "10.0.0.0/8", "::1", "fd00::/8"] }'],
  ])('is overwritten or removed: %s', async (_when, yaml) => {
    const stage = await scene({ yaml });
    const response = await stage.exchange(get('/', `${CLAIMS}\r\n`));
    const port = stage.proxy.address().split(':')[1];
    expect(told(stage.seen[0]!)).toEqual([
      'X-Forwarded-For: 127.0.0.1',
      'X-Real-IP: 127.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: example.test',
      `X-Forwarded-Port: ${port}`,
      'X-Request-ID: UUID',
    ]);
    expect(fieldValues(response, 'x-request-id')[0]).toMatch(UUID);
  });

  it('is not kept for the next request on the connection either', async () => {
    const stage = await scene();
    const peer = await stage.client();
    for (const host of ['one.test', 'two.test', 'two.test']) {
      peer.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n${CLAIMS}\r\n\r\n`);
      await readMessage(peer);
    }
    expect(stage.seen.map((seen) => fieldValues(seen, 'x-forwarded-host'))).toEqual([
      ['one.test'],
      ['two.test'],
      ['two.test'],
    ]);
    expect(new Set(stage.seen.map((seen) => fieldValues(seen, 'x-request-id')[0])).size).toBe(3);
  });

  it('may not be in Connection, so that it gets lost on the way', async () => {
    const stage = await scene({ yaml: 'http: { trusted_proxies: [127.0.0.1] }' });
    await stage.exchange(
      get(
        '/',
        'Connection: x-forwarded-for, x-real-ip, x-request-id, cdn-loop\r\nX-Forwarded-For: 1.1.1.1\r\n',
      ),
    );
    for (const name of ['x-forwarded-for', 'x-real-ip', 'x-request-id', 'cdn-loop']) {
      expect(fieldValues(stage.seen[0]!, name)).toHaveLength(1);
    }
  });
});

describe('what a trusted peer says about its client', () => {
  it.each(['127.0.0.1', '127.0.0.0/8', '127.0.0.1/32', '0.0.0.0/0'])(
    'is kept and extended: %s',
    async (entry) => {
      const stage = await scene({ yaml: `http: { trusted_proxies: ["10.0.0.1", "${entry}"] }` });
      const response = await stage.exchange(get('/', `${CLAIMS}\r\n`));
      expect(told(stage.seen[0]!)).toEqual([
        'X-Forwarded-For: 203.0.113.7, 198.51.100.1, 127.0.0.1',
        'X-Real-IP: 203.0.113.8',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: claimed.test',
        'X-Forwarded-Port: 8443',
        'Forwarded: for=203.0.113.9;proto=https',
        'X-Request-ID: claimed-id',
      ]);
      expect(fieldValues(response, 'x-request-id')).toEqual(['claimed-id']);
    },
  );

  it('is made up for where it says nothing', async () => {
    const stage = await scene({ yaml: 'http: { trusted_proxies: [127.0.0.1] }' });
    await stage.exchange(get());
    const port = stage.proxy.address().split(':')[1];
    expect(told(stage.seen[0]!)).toEqual([
      'X-Forwarded-For: 127.0.0.1',
      'X-Real-IP: 127.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: example.test',
      `X-Forwarded-Port: ${port}`,
      'X-Request-ID: UUID',
    ]);
  });

  it.each(['::1', '::/127', '0::/64'])('counts over IPv6 too: %s', async (entry) => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok(), seen));
    const proxy = await labProxy(`
listen: "[::1]:0"
reload: { watch: false }
backends: [{ name: one, address: "${server.address}" }]
http: { trusted_proxies: ["${entry}"] }
`);
    const peer = await client(proxy.address());
    peer.send(get('/', 'X-Forwarded-For: 2001:db8::7\r\n'));
    await readMessage(peer);
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['2001:db8::7, ::1']);
    expect(fieldValues(seen[0]!, 'x-real-ip')).toEqual(['2001:db8::7']);
  });

  it('over IPv6 does not count when only others are trusted', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok(), seen));
    const proxy = await labProxy(`
listen: "[::1]:0"
reload: { watch: false }
backends: [{ name: one, address: "${server.address}" }]
http: { trusted_proxies: ["::2", "fe80::/10", "127.0.0.1"] }
`);
    const peer = await client(proxy.address());
    peer.send(get('/', 'X-Forwarded-For: 2001:db8::7\r\n'));
    await readMessage(peer);
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['::1']);
  });
});

describe('the client of a request', () => {
  const yaml = `
http: { trusted_proxies: [127.0.0.1, "10.0.0.0/8", "fd00::/8"] }
transform: { response_headers: [{ action: set, name: X-Client, value: "\${client_ip}" }] }
`;

  it.each([
    ['', '127.0.0.1'],
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['1.1.1.1, 203.0.113.7,10.1.2.3 ,fd00::1', '203.0.113.7'],
    ['2001:db8::7, 10.0.0.1', '2001:db8::7'],
    // Some proxies add the port.
    ['203.0.113.7:1234', '203.0.113.7'],
    ['[2001:db8::7]:99', '2001:db8::7'],
    ['"[2001:db8::7]:99", 10.0.0.1:80', '2001:db8::7'],
    ['203.0.113.7\r\nX-Forwarded-For: 203.0.113.8:1\r\nx-forwarded-for: 10.0.0.1', '203.0.113.8'],
    // All addresses are trusted, so the farthest one is the client's.
    ['10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['203.0.113.7, _hidden, 10.0.0.1', '10.0.0.1'],
    ['203.0.113.7, unknown', '127.0.0.1'],
    ['203.0.113.7, evil" status=200', '127.0.0.1'],
    ['203.0.113.7, abc', '127.0.0.1'],
    ['203.0.113.7, ::::', '127.0.0.1'],
    ['203.0.113.7, 1.2.3.4:80x', '127.0.0.1'],
    ['203.0.113.7, [1.2.3.4]:80', '127.0.0.1'],
    ['203.0.113.7, 1.2.3.4.5', '127.0.0.1'],
    [',', '127.0.0.1'],
  ])('is the last address of X-Forwarded-For that is not trusted: %j → %s', async (list, address) => {
    const stage = await scene({ yaml });
    const response = await stage.exchange(get('/', `X-Forwarded-For: ${list}\r\n`));
    expect(fieldValues(response, 'x-client')).toEqual([address]);
    await stage.stop();
    const line = (await stage.proxy.logLines()).find((text) => text.includes(' access '));
    expect(line).toContain(` client_ip=${address} `);
  });

  it('is told by X-Real-IP without its port, and X-Forwarded-For goes on as it came', async () => {
    const stage = await scene({ yaml });
    await stage.exchange(get('/', 'X-Forwarded-For: [2001:DB8::7]:99, 10.0.0.1:80\r\n'));
    expect(fieldValues(stage.seen[0]!, 'x-real-ip')).toEqual(['2001:db8::7']);
    expect(fieldValues(stage.seen[0]!, 'x-forwarded-for')).toEqual([
      '[2001:DB8::7]:99, 10.0.0.1:80, 127.0.0.1',
    ]);
  });

  it('is found in Forwarded where there is no X-Forwarded-For, and told in both', async () => {
    const stage = await scene({ yaml });
    const forwarded = 'for=6.6.6.6, for="[2001:db8::7]:99";proto=https, for=10.0.0.1';
    const response = await stage.exchange(get('/', `Forwarded: ${forwarded}\r\n`));
    expect(fieldValues(response, 'x-client')).toEqual(['2001:db8::7']);
    expect(fieldValues(stage.seen[0]!, 'x-real-ip')).toEqual(['2001:db8::7']);
    expect(fieldValues(stage.seen[0]!, 'x-forwarded-for')).toEqual(['2001:db8::7, 127.0.0.1']);
    expect(fieldValues(stage.seen[0]!, 'forwarded')).toEqual([forwarded]);
    const both = `X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.8\r\n`;
    expect(fieldValues(await stage.exchange(get('/', both)), 'x-client')).toEqual(['203.0.113.7']);
  });

  it.each(['', ':1234'])('is the one that source-ip hashing goes by: 203.0.113.7%s', async (port) => {
    const servers = await Promise.all(
      Array.from({ length: 5 }, (_, i) => backend(answering(() => ok(`${i}`)))),
    );
    const proxy = await labProxy(`
listen: "127.0.0.1:0"
reload: { watch: false }
load_balancer: { algorithm: consistent-hash, hash_key: source-ip }
http: { trusted_proxies: [127.0.0.1] }
backends: [${servers.map(({ address }, i) => `{ name: b${i}, address: "${address}" }`).join(', ')}]
`);
    const peer = await client(proxy.address());
    const chosen = new Map<string, Set<string>>();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 30; i++) {
        // The addresses before the client's are its own claim, and change each time.
        peer.send(
          get(
            '/',
            `X-Forwarded-For: 9.9.9.${round}, 203.0.113.${i}${port === '' ? '' : `:${1024 + round}`}\r\n`,
          ),
        );
        const name = (await readMessage(peer)).body.toString();
        chosen.set(`${i}`, (chosen.get(`${i}`) ?? new Set()).add(name));
      }
    }
    expect([...chosen.values()].every((names) => names.size === 1)).toBe(true);
    expect(new Set([...chosen.values()].flatMap((names) => [...names])).size).toBeGreaterThan(1);
  });
});

describe('X-Request-ID of a trusted peer', () => {
  it.each(['a', 'A-z.0:9=_@/+', 'x'.repeat(128), '7b3bf470-9456-11ee-b9d1-0242ac120002'])(
    'is kept when it is well formed, on both sides and in answers of the proxy: %s',
    async (id) => {
      const stage = await scene({
        yaml: 'http: { trusted_proxies: [127.0.0.1], routes: [{ name: r, path: /, backends: [one] }, { name: s, path_prefix: /gone, backends: [one] }] }',
        respond: (request, connection) => {
          if (!request.startLine.includes('/gone')) return ok();
          connection.reset();
          return undefined;
        },
      });
      expect(fieldValues(await stage.exchange(get('/', `X-Request-ID: ${id}\r\n`)), 'x-request-id')).toEqual([
        id,
      ]);
      expect(fieldValues(stage.seen[0]!, 'x-request-id')).toEqual([id]);
      const failed = await stage.exchange(get('/gone', `X-Request-ID: ${id}\r\n`));
      expect(failed.startLine).toBe('HTTP/1.1 502 Bad Gateway');
      expect(fieldValues(failed, 'x-request-id')).toEqual([id]);
      expect(failed.body.toString()).toContain(`request id: ${id}\n`);
    },
  );

  it.each([
    ['too long', 'x'.repeat(129)],
    ['with a space', 'a b'],
    ['with a tab', 'a\tb'],
    ['beyond ASCII', 'a\xe4'],
    ['with a quote', 'a"b'],
    ['with markup', '<b>'],
    ['with a dollar', 'a${status}'],
    ['empty', ''],
    ['there twice', 'a\r\nX-Request-ID: b'],
  ])('is replaced when it is %s', async (_what, id) => {
    const stage = await scene({ yaml: 'http: { trusted_proxies: [127.0.0.1] }' });
    const response = await stage.exchange(get('/', `X-Request-ID: ${id}\r\n`));
    const [own, ...more] = fieldValues(response, 'x-request-id');
    expect(own).toMatch(UUID);
    expect(more).toEqual([]);
    expect(fieldValues(stage.seen[0]!, 'x-request-id')).toEqual([own]);
  });
});

describe('Forwarded', () => {
  it('is written on request, in place of what an untrusted peer claims', async () => {
    const stage = await scene({ yaml: 'http: { forwarded: true }' });
    await stage.exchange(get('/', 'forwarded: for=evil\r\n'));
    expect(fieldValues(stage.seen[0]!, 'forwarded')).toEqual(['for=127.0.0.1;host=example.test;proto=http']);
  });

  it.each([
    ['a.test:8080', '"a.test:8080"'],
    ['[::1]', '"[::1]"'],
    ["a!b'c", `"a!b'c"`],
  ])('quotes a host that is no token: %s', async (host, shown) => {
    const stage = await scene({ yaml: 'http: { forwarded: true }' });
    await stage.exchange(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(fieldValues(stage.seen[0]!, 'forwarded')).toEqual([`for=127.0.0.1;host=${shown};proto=http`]);
  });

  it('leaves the host out where there is none', async () => {
    const stage = await scene({ yaml: 'http: { forwarded: true }' });
    await stage.exchange('GET / HTTP/1.0\r\n\r\n');
    expect(fieldValues(stage.seen[0]!, 'forwarded')).toEqual(['for=127.0.0.1;proto=http']);
  });

  it('names the host of an absolute target, not the one of the Host field', async () => {
    const stage = await scene({ yaml: 'http: { forwarded: true }' });
    await stage.exchange('GET http://right.test/ HTTP/1.1\r\nHost: lie.test\r\n\r\n');
    expect(fieldValues(stage.seen[0]!, 'forwarded')).toEqual(['for=127.0.0.1;host=right.test;proto=http']);
  });

  it('goes on from what a trusted peer says', async () => {
    const stage = await scene({ yaml: 'http: { forwarded: true, trusted_proxies: [127.0.0.1] }' });
    await stage.exchange(get('/', 'Forwarded: for=1.1.1.1\r\nX: 1\r\nforwarded: for="[2001:db8::1]"\r\n'));
    expect(fieldValues(stage.seen[0]!, 'forwarded')).toEqual([
      'for=1.1.1.1, for="[2001:db8::1]", for=127.0.0.1;host=example.test;proto=http',
    ]);
  });

  it('quotes and brackets addresses of IPv6', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok(), seen));
    const proxy = await labProxy(`
listen: "[::1]:0"
reload: { watch: false }
backends: [{ name: one, address: "${server.address}" }]
http: { forwarded: true }
`);
    const peer = await client(proxy.address());
    peer.send(get());
    await readMessage(peer);
    expect(fieldValues(seen[0]!, 'forwarded')).toEqual(['for="[::1]";host=example.test;proto=http']);
    expect(fieldValues(seen[0]!, 'x-forwarded-for')).toEqual(['::1']);
  });

  it('calls a peer without address unknown', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok(), seen));
    const proxy = await labProxy(
      `
listen: "unix:\${env:DIRECTORY}/proxy.sock"
reload: { watch: false }
backends: [{ name: one, address: "${server.address}" }]
http: { forwarded: true, trusted_proxies: ["0.0.0.0/0", "::/0"] }
`,
    );
    const peer = owned(await connectUnix(`${proxy.directory}/proxy.sock`));
    peer.send(get('/', 'X-Forwarded-For: 9.9.9.9\r\n'));
    await readMessage(peer);
    expect(fieldValues(seen[0]!, 'forwarded')).toEqual(['for=unknown;host=example.test;proto=http']);
    expect(fieldValues(seen[0]!, 'x-forwarded-port')).toEqual([]);
    expect(seen[0]!.raw.toString()).not.toContain('9.9.9.9');
  });
});
