import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CertificateAuthority } from '../support/certificates.ts';
import { answering, ok } from '../support/peers/answering.ts';
import { backend, echoing } from '../support/peers/backends.ts';
import { PROGRAM } from '../support/labs/built-program.ts';
import type { ByteSocket } from '../support/sockets/byte-socket.ts';
import { client } from '../support/peers/clients.ts';
import { deadAddress } from '../support/addresses/dead-address.ts';
import { DnsServer } from '../support/addresses/dns-server.ts';
import { eventually } from '../support/time/eventually.ts';
import { labProxy } from '../support/labs/lab-proxy.ts';
import { owned } from '../support/owned.ts';
import { repeated } from '../support/time/repeated.ts';
import { writeInto } from '../support/write-into.ts';

/** A proxy that something happens to. */
export interface AlertScene {
  /** Where Prometheus scrapes it. */
  readonly target: string;
  /** Lets it happen. Called when Prometheus has seen the proxy as it was before. */
  begin(): Promise<void>;
}

const QUIET = `
reload: { watch: false }
metrics: { listen: '127.0.0.1:0' }
logging: { level: fatal, access_log: false }
`;
/** So many requests are a burst, and more of them would make a slow machine slower. */
const BURST = 20;

async function ask(address: string, path = '/'): Promise<void> {
  try {
    await (await fetch(`http://${address}${path}`)).text();
  } catch {
    // Responses that are broken off are what some scenes are about.
  }
}

async function together(count: number, act: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, act));
}

/** One where all is well, under traffic of all kinds, with clients that leave and clients that are wrong. */
export async function healthy(): Promise<AlertScene> {
  const [web, raw] = [await backend(answering(() => ok())), await backend(echoing())];
  const proxy = await labProxy(`${QUIET}
listeners:
  - { name: web, address: '127.0.0.1:0', mode: http, http: { routes: [{ path: /, upstream: web }] } }
  - { name: raw, address: '127.0.0.1:0', mode: tcp, upstream: raw }
upstreams:
  - { name: web, health_check: { type: tcp, interval: 200ms }, backends: [{ name: web, address: '${web.address}' }] }
  - { name: raw, backends: [{ name: raw, address: '${raw.address}' }] }
`);
  return {
    target: proxy.adminAddress,
    begin: async () => {
      repeated(() => ask(proxy.address('web')));
      repeated(() => ask(proxy.address('web'), '/no/route'));
      await together(BURST, async () => {
        const wrong = await client(proxy.address('web'));
        wrong.send('GET / HTTP/1.1\r\n\r\n');
        await wrong.untilEnded();
        const tunnel = await client(proxy.address('raw'));
        tunnel.send('ping');
        await tunnel.untilText('ping');
        tunnel.close();
      });
    },
  };
}

/** One whose upstreams fail in all the ways that an alert on health or on statuses does not see. */
export async function outages(): Promise<AlertScene> {
  const alive = await backend(answering(() => ok()));
  const checked = await backend(answering(() => ok()));
  const breaking = await backend(
    answering((_request, connection) => {
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all');
      connection.socket.destroySoon();
      return undefined;
    }),
  );
  const [gone, closed] = [await deadAddress(), await deadAddress()];
  const proxy = await labProxy(`${QUIET}
listeners:
  - { name: checked, address: '127.0.0.1:0', mode: http, http: { routes: [{ path_prefix: /, upstream: checked }] } }
  - { name: breaking, address: '127.0.0.1:0', mode: http, http: { routes: [{ path_prefix: /, upstream: breaking }] } }
  - { name: burst, address: '127.0.0.1:0', mode: http, http: { routes: [{ path_prefix: /, upstream: burst }] } }
  - { name: raw, address: '127.0.0.1:0', mode: tcp, upstream: raw }
upstreams:
  - name: checked
    health_check: { type: tcp, interval: 200ms, unhealthy_threshold: 1 }
    backends: [{ name: checked, address: '${checked.address}' }, { name: spare, address: '${alive.address}', weight: 0 }]
  - { name: unchecked, backends: [{ name: unchecked, address: '${alive.address}' }] }
  - { name: breaking, backends: [{ name: breaking, address: '${breaking.address}' }] }
  - { name: burst, backends: [{ name: gone, address: '${gone}' }] }
  - { name: raw, backends: [{ name: closed, address: '${closed}' }] }
`);
  return {
    target: proxy.adminAddress,
    begin: async () => {
      await checked.close();
      repeated(() => ask(proxy.address('breaking')));
      await together(BURST, async () => (await client(proxy.address('raw'))).untilClosed());
      await together(BURST, () => ask(proxy.address('burst')));
    },
  };
}

/** One that is slow, with a full pool, a full listener, and a host name that nobody knows any more. */
export async function shortages(): Promise<AlertScene> {
  const names = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1'], ttl: 1 } });
  const slow = await backend(
    answering(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      return ok();
    }),
  );
  const echo = await backend(echoing());
  const proxy = await labProxy(`${QUIET}
dns: { servers: ['${names.address}'], min_ttl: 1s }
listeners:
  - { name: web, address: '127.0.0.1:0', mode: http, http: { routes: [{ path_prefix: /, upstream: slow }] } }
  - { name: small, address: '127.0.0.1:0', mode: tcp, upstream: echo, max_connections: 1 }
upstreams:
  - name: slow
    connection_pool: { max_size: 1 }
    queue: { max_size: 10 }
    backends: [{ name: slow, address: '${slow.address}' }]
  - { name: echo, backends: [{ name: echo, address: '${echo.address}' }] }
  - { name: shop, health_check: { type: tcp, interval: 200ms }, backends: [{ name: shop, address: 'shop.test:${String(echo.port)}' }] }
`);
  return {
    target: proxy.adminAddress,
    begin: async () => {
      names.replies.set('shop.test', 'servfail');
      repeated(() => ask(proxy.address('web')));
      repeated(() => ask(proxy.address('web')));
      const first = await client(proxy.address('small'));
      first.send('here');
      await first.untilText('here');
      await (await client(proxy.address('small'))).untilEnded();
    },
  };
}

/** A protocol that throws, and reports what is no record. */
const CLUMSY = `export default {
  apiVersion: 2,
  name: 'clumsy',
  provision: (_options, host) => ({
    protocol: 'clumsy',
    active: 0,
    handle({ transport: stream }) {
      host.telemetry.exchange(undefined);
      stream.read({ data() { throw new Error('clumsy'); }, end() {}, drained() {}, closed() {} });
      return { drain() {} };
    },
    close: () => Promise.resolve(),
  }),
};`;

/** One that loses lines and spans, with a plugin that throws, whose last edit was refused. */
export async function losses(): Promise<AlertScene> {
  const web = await backend(answering(() => ok()));
  const collector = await deadAddress();
  const proxy = await labProxy(
    `
listeners:
  - { name: web, address: '127.0.0.1:0', mode: http, http: { routes: [{ path_prefix: /, upstream: web }] } }
  - { name: clumsy, address: '127.0.0.1:0', mode: clumsy }
upstreams: [{ name: web, backends: [{ name: web, address: '${web.address}' }] }]
plugins: { directory: '.' }
reload: { watch: false }
metrics: { listen: '127.0.0.1:0' }
tracing: { sample_rate: 1, endpoint: 'http://${collector}/api/traces' }
logging: { level: error, access_log: { enabled: true, output: /dev/full } }
`,
    { 'clumsy.mjs': CLUMSY },
  );
  return {
    target: proxy.adminAddress,
    begin: async () => {
      const clumsy = await client(proxy.address('clumsy'));
      clumsy.send('x');
      await clumsy.untilEnded();
      await proxy.edit('mode: nonsense');
      // Lines wait while an output takes none, so it takes some that are long.
      const path = `/${'x'.repeat(7_000)}`;
      repeated(() => together(BURST, () => ask(proxy.address('web'), path)));
    },
  };
}

/** One whose certificates expire, and whose clients do not speak TLS. */
export async function encrypted(): Promise<AlertScene> {
  const web = await backend(answering(() => ok()));
  const config = (listeners: string): string => `${QUIET}
listeners:
  - { name: web, address: '127.0.0.1:0', mode: http, upstream: web }
${listeners}
upstreams:
  - { name: web, backends: [{ name: web, address: '${web.address}' }] }
`;
  const proxy = await labProxy(config(''));
  const authority = new CertificateAuthority();
  const issue = async (name: string, lastsMs: number): Promise<string> => {
    const notAfter = new Date(Date.now() + lastsMs);
    const { cert, key } = authority.issue({ subject: name, names: [`${name}.example`], notAfter });
    await writeFile(join(proxy.directory, `${name}.crt`), cert);
    await writeFile(join(proxy.directory, `${name}.key`), key);
    return `{ cert_file: ${name}.crt, key_file: ${name}.key }`;
  };
  return {
    target: proxy.adminAddress,
    begin: async () => {
      // One that has expired already is refused.
      const certificates = [await issue('soon', 5 * 86_400_000), await issue('old', 10_000)];
      await proxy.change(
        config(
          `  - { name: secure, address: '127.0.0.1:0', mode: http, upstream: web, tls: { certificates: [${certificates.join(', ')}] } }`,
        ),
      );
      repeated(() => ask(proxy.address('secure')));
    },
  };
}

/** One that ends. */
export async function ending(): Promise<AlertScene> {
  const web = await backend(answering(() => ok()));
  const proxy = await labProxy(
    `mode: http\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${web.address}' }]\n${QUIET}`,
  );
  const { adminAddress } = proxy;
  return {
    target: adminAddress,
    begin: async () => {
      proxy.app.destroy();
      await proxy.app.close();
    },
  };
}

/** Holds up the whole process, again and again. */
const BUSY = `export default {
  apiVersion: 2,
  name: 'busy',
  provision: () => {
    setInterval(() => {
      const until = performance.now() + 300;
      while (performance.now() < until);
    }, 600).unref();
    return { protocol: 'busy', active: 0, handle: ({ transport: stream }) => (stream.destroy(), { drain() {} }), close: () => Promise.resolve() };
  },
};`;
/** Loading the modules of the program alone takes some 130 at a time. */
const FEW_FILES = 192;

/** One in a process of its own, with few file descriptors and an event loop that is late. Needs the built program. */
export async function burdened(): Promise<AlertScene> {
  const web = await backend(answering(() => ok()));
  const folder = await mkdtemp(join(tmpdir(), 'balance-burdened-'));
  const file = join(folder, 'balance.yaml');
  await writeInto(folder, {
    'busy.mjs': BUSY,
    'balance.yaml': `
listeners:
  - { name: web, address: '127.0.0.1:0', mode: http, http: { routes: [{ path_prefix: /, upstream: web }] } }
  - { name: busy, address: '127.0.0.1:0', mode: busy }
upstreams: [{ name: web, backends: [{ address: '${web.address}' }] }]
plugins: { directory: '.' }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
logging: { format: json }
`,
  });
  const command = `ulimit -n ${String(FEW_FILES)}; exec "$0" "$@"`;
  const child = spawn('sh', ['-c', command, process.execPath, PROGRAM, 'run', '--config', file]);
  owned({
    close: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true });
    },
  });
  let log = '';
  child.stdout.on('data', (text: Buffer) => (log += String(text)));
  const lineOf = (pattern: RegExp): Promise<string> =>
    eventually(
      () => log.split('\n').find((line) => pattern.test(line)),
      () => `${String(pattern)} was logged in ${log}`,
    );
  const addressOf = async (pattern: RegExp): Promise<string> =>
    (JSON.parse(await lineOf(pattern)) as { address: string }).address;
  const metrics = await addressOf(/"message":"(?:admin|metrics) listening".*|metrics/);
  const address = await addressOf(/"message":"listening".*"web"/);
  return {
    target: metrics,
    begin: async () => {
      const clients: ByteSocket[] = [];
      for (let count = 0; count < 2 * FEW_FILES; count++) clients.push(await client(address));
      await eventually(
        () => clients.some(({ closed, ending: end }) => closed || end !== undefined),
        'clients are shed',
      );
    },
  };
}
