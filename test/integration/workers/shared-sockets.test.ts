import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { systemCodeOf } from '../../../src/errors.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';
import { threadPlugin } from '../../support/workers/thread-plugin.ts';

buildProgram();

const CLIENTS = 24;

/** A config with a TCP and a unix listener that all workers serve, and `more` listeners. */
function config(path: string, more = '', mode = '0600', workers = 2): string {
  return `
workers: ${workers}
listeners:
  - { name: one, listen: '127.0.0.1:0', mode: thread }
  - { name: local, listen: 'unix:${path}', mode: thread, socket_mode: '${mode}' }
${more}
upstreams: []
admin: { listen: '127.0.0.1:0' }
plugins: { directory: plugins }
reload: { watch: false }
`;
}

/** A path for the unix socket of one test. */
function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'balance-shared-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return join(folder, 'local.sock');
}

async function proxyWith(path: string, workers: number): Promise<LabProxy> {
  return labProxy(config(path, '', '0600', workers), { 'plugins/thread.mjs': threadPlugin() });
}

/** Clients that connect again and again, and how their connections went. */
class Storm {
  readonly outcomes = new Map<string, number>();
  #isOver = false;
  readonly #clients: readonly Promise<void>[];

  /** @param places paths of unix sockets, or `host:port` */
  constructor(places: readonly string[]) {
    this.#clients = Array.from({ length: CLIENTS }, (_, client) =>
      this.#visitAll(places[client % places.length] ?? ''),
    );
  }

  get served(): number {
    return this.outcomes.get('served') ?? 0;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #visitAll(place: string): Promise<void> {
    while (!this.#isOver) {
      const outcome = await visit(place);
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    }
  }
}

/** `served`, or what went wrong. */
function visit(place: string): Promise<string> {
  const [host = '', port] = place.startsWith('/') ? [] : place.split(':');
  const socket = port === undefined ? connect(place) : connect(Number(port), host);
  let outcome = 'unanswered';
  return new Promise((resolve) => {
    socket.on('data', () => {
      outcome = 'served';
      socket.end();
    });
    socket.on('error', (error) => {
      outcome = systemCodeOf(error);
    });
    socket.on('close', () => {
      resolve(outcome);
    });
  });
}

/** How many descriptors the listener is accepted from, over all workers. */
async function descriptors(proxy: LabProxy, name: string): Promise<number> {
  const listeners = (await proxy.status())['listeners'] as { name: string; accept_descriptors: number }[];
  return listeners.find((listener) => listener.name === name)?.accept_descriptors ?? 0;
}

describe.runIf(process.platform === 'linux')('listeners of several workers', () => {
  it('refuse nobody while others come, go and change under a storm of connections', async () => {
    const path = socketPath();
    const proxy = await proxyWith(path, 3);
    const storm = new Storm([proxy.address('one'), path]);
    for (let edit = 0; edit < 6; edit += 1) {
      const before = storm.served;
      const extra = `  - { name: extra${edit}, listen: '127.0.0.1:0', mode: thread }`;
      await proxy.change(config(path, extra, edit % 2 === 0 ? '0660' : '0600', 3));
      await proxy.change(config(path, '', '0600', 3));
      await eventually(() => storm.served > before + CLIENTS, 'clients are served meanwhile');
    }
    await storm.end();
    expect([...storm.outcomes.keys()]).toEqual(['served']);
    await proxy.app.close();
  });

  it('have unix sockets with the permissions of the config, whose file goes with them', async () => {
    const path = socketPath();
    const proxy = await proxyWith(path, 2);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await proxy.change(config(path, '', '0666'));
    expect(statSync(path).mode & 0o777).toBe(0o666);
    expect(await visit(path)).toBe('served');
    await proxy.change(config(path).replace(/ {2}- \{ name: local.*\n/, ''));
    await eventually(() => !existsSync(path), 'the file is gone');
  });

  it('are accepted from by more descriptors while many come, and by one a worker afterwards', async () => {
    const proxy = await proxyWith(socketPath(), 2);
    expect(await descriptors(proxy, 'one')).toBe(2);
    const storm = new Storm([proxy.address('one')]);
    await eventually(async () => (await descriptors(proxy, 'one')) > 2, 'there are more');
    await storm.end();
    expect([...storm.outcomes.keys()]).toEqual(['served']);
    await eventually(async () => (await descriptors(proxy, 'one')) === 2, 'they are given back');
  });
});
