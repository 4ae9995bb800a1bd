import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { buildProgram, PROGRAM } from '../../support/labs/built-program.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import type { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';

const LIMIT = 200;
const CLIENTS = 320;
/** Few, but some systems have no more for a service: the usual lowest limit is 128. */
const FEWEST = 112;

buildProgram();

interface Status {
  readonly listeners: readonly { readonly connections: number; readonly shed_total: number }[];
  readonly resources: Readonly<Record<string, unknown>>;
}

/** A proxy that may open so few files. */
async function shortOfDescriptors(limit = LIMIT) {
  const [one, other] = [await backend(answering(() => ok())), await backend(answering(() => ok()))];
  const folder = mkdtempSync(join(tmpdir(), 'balance-shortage-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'balance.yaml');
  const config = `mode: http
listen: 127.0.0.1:0
admin: { listen: '127.0.0.1:0' }
backends: [{ name: one, address: '${one.address}' }, { name: other, address: '${other.address}' }]
health_check: { type: http, path: /, interval: 100ms, timeout: 5s, unhealthy_threshold: 1 }
logging: { format: json }
`;
  writeFileSync(file, config);
  const command = `ulimit -n ${String(limit)}; exec "$0" "$@"`;
  const child = spawn('sh', ['-c', command, process.execPath, PROGRAM, 'run', '--config', file]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (log += String(text)));
  const logged = (text: string): Promise<string> =>
    eventually(
      () => log.split('\n').find((line) => line.includes(text)),
      () => `${text} was logged in ${log}`,
    );
  const addressIn = async (message: string): Promise<string> =>
    (JSON.parse(await logged(`"message":"${message}"`)) as { address: string }).address;
  const admin = await addressIn('admin listening');
  return {
    address: await addressIn('listening'),
    logged,
    log: () => log,
    edit: () => writeFileSync(file, `${config}shutdown: { timeout: 3s }\n`),
    status: async () => (await askAdmin(admin, '/status')).json() as Status,
    health: async () => (await askAdmin(admin, '/health')).status,
  };
}

describe('a proxy that runs out of file descriptors', () => {
  // Node.js 20 opens all files below one import at the same time.
  it('starts although it has more modules than it may open files', async () => {
    const proxy = await shortOfDescriptors(FEWEST);
    const near = await client(proxy.address);
    near.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await near.untilText('HTTP/1.1 ');
  });

  it('refuses and counts clients, blames no backend, and goes on with checks, admin and edits', async () => {
    const proxy = await shortOfDescriptors();
    await proxy.logged('the limit on open files is low for this config');
    const clients: ByteSocket[] = [];
    for (let count = 0; count < CLIENTS; count += 1) clients.push(await client(proxy.address));
    const refused = await eventually(async () => {
      const { listeners } = await proxy.status();
      const [{ connections, shed_total: shed }] = listeners as [Status['listeners'][number]];
      return connections + shed === CLIENTS && shed;
    }, 'all clients are served or counted');
    await eventually(
      () => clients.filter(({ closed, ending }) => closed || ending !== undefined).length === refused,
      'the others are closed',
    );
    const warning = await proxy.logged('too few file descriptors, clients are refused');
    expect(warning).toContain(`of ${String(LIMIT)} (ulimit -n)`);

    // More at the same time than there is room for behind them.
    const served = clients.filter(({ closed, ending }) => !closed && ending === undefined);
    for (const socket of served) socket.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    for (const socket of served) await socket.untilText('\r\n\r\n');
    const statuses = served.map(({ text }) => text.slice(9, 12));
    expect(statuses).toContain('200');
    expect(statuses).toContain('503');
    expect(new Set(statuses).size).toBe(2);
    await proxy.logged('"error":"resources_exhausted"');
    expect(proxy.log()).not.toContain('is unhealthy');
    expect(await proxy.health()).toBe(200);
    const { resources } = await proxy.status();
    expect(resources).toMatchObject({ open_files_limit: LIMIT, clients_refused_total: refused });
    // A pool may try again where the failure that it holds is from before.
    expect(resources['connects_failed_total']).toBeGreaterThanOrEqual(
      statuses.filter((status) => status === '503').length,
    );

    proxy.edit();
    await proxy.logged('shutdown.timeout 30s → 3s');
    expect(proxy.log().match(/too few file descriptors/g)).toHaveLength(1);
    for (const socket of clients) socket.close();
    const newcomer = await eventually(async () => {
      const socket = await client(proxy.address);
      socket.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await eventually(() => socket.text !== '' || socket.ending !== undefined, 'it is answered or refused');
      return socket.text;
    }, 'there is room again');
    expect(newcomer).toContain(' 200 ');
  });
});
