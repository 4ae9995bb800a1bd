import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';

interface Folder {
  readonly path: string;
  /** The file with the states. */
  readonly file: string;
}

async function historyFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'balance-states-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return { path, file: join(path, 'history', 'backend-states.json') };
}

function yaml(workers: number, backends: readonly string[], reload = ''): string {
  return `
workers: ${String(workers)}
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: app }]
upstreams: [{ name: app, backends: [${backends.join(', ')}] }]
admin: { listen: '127.0.0.1:0' }
reload: { watch: false${reload} }
`;
}

const ONE = "{ name: one, address: '127.0.0.1:1' }";
const TWO = "{ name: two, address: '127.0.0.1:2' }";

function keeping({ path }: Folder): string {
  return `, history_dir: '${path}/history', keep_backend_states: true`;
}

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly upstreams: readonly {
    readonly by_hand: { readonly since: string; readonly reason: string } | null;
  }[];
}

async function listed(proxy: LabProxy): Promise<Listed[]> {
  const answer = await fetch(`http://${proxy.adminAddress}/backends`);
  return ((await answer.json()) as { backends: Listed[] }).backends;
}

async function set(proxy: LabProxy, backend: string, verb: string): Promise<void> {
  const answer = await fetch(`http://${proxy.adminAddress}/backends/${backend}/${verb}`, {
    method: 'POST',
    body: JSON.stringify({ reason: 'a new disk' }),
  });
  expect(answer.status).toBe(200);
}

buildProgram();

describe.each([1, 2])('states by hand that are kept with the history, with %i workers', (workers) => {
  it('are there after a restart, as they were', async () => {
    const folder = await historyFolder();
    const text = yaml(workers, [ONE, TWO], keeping(folder));
    const first = await labProxy(text);
    await set(first, 'one', 'drain');
    expect((await stat(folder.file)).mode & 0o777).toBe(0o600);
    const before = await listed(first);
    await first.app.close();
    const second = await labProxy(text);
    const after = await listed(second);
    expect(after.map(({ name, state }) => [name, state])).toEqual([
      ['one', 'draining'],
      ['two', 'unknown'],
    ]);
    expect(after[0]!.upstreams[0]!.by_hand).toEqual(before[0]!.upstreams[0]!.by_hand);
    await set(second, 'one', 'enable');
    await second.app.close();
    expect((await listed(await labProxy(text))).map(({ state }) => state)).toEqual(['unknown', 'unknown']);
  });
});

describe('states by hand', () => {
  it('end with the process where the config does not say more', async () => {
    const folder = await historyFolder();
    const text = yaml(1, [ONE], `, history_dir: '${folder.path}/history'`);
    const first = await labProxy(text);
    await set(first, 'one', 'disable');
    await first.app.close();
    expect((await listed(await labProxy(text))).map(({ state }) => state)).toEqual(['unknown']);
  });

  it.each([
    ['no JSON', '{ "version": 1, "entr'],
    ['another version', '{ "version": 2, "entries": [] }'],
    [
      'another form',
      '{ "version": 1, "entries": [{ "upstream": "app", "backend": "one", "state": "draining" }] }',
    ],
    ['null', 'null'],
  ])('survive a file that is broken (%s): a warning, and the next one is whole', async (_, content) => {
    const folder = await historyFolder();
    const text = yaml(1, [ONE], keeping(folder));
    await mkdir(dirname(folder.file));
    await writeFile(folder.file, content);
    const second = await labProxy(text);
    expect(await second.untilLogged('are not known any more')).toContain(folder.file);
    expect(await readFile(folder.file, 'utf8')).toBe(content);
    expect((await listed(second)).map(({ state }) => state)).toEqual(['unknown']);
    await set(second, 'one', 'disable');
    expect(JSON.parse(await readFile(folder.file, 'utf8'))).toMatchObject({
      version: 1,
      entries: [{ upstream: 'app', backend: 'one', state: { state: 'maintenance', reason: 'a new disk' } }],
    });
  });

  it('are set all the same where the file can not be written, with a warning', async () => {
    const folder = await historyFolder();
    await writeFile(join(folder.path, 'history'), 'no folder');
    const proxy = await labProxy(yaml(1, [ONE], keeping(folder)));
    await set(proxy, 'one', 'drain');
    await proxy.untilLogged('are not kept over a restart');
    expect((await listed(proxy)).map(({ state }) => state)).toEqual(['draining']);
  });

  it('begin to be kept by an edit', async () => {
    const folder = await historyFolder();
    const proxy = await labProxy(yaml(1, [ONE]));
    await set(proxy, 'one', 'drain');
    await proxy.change(yaml(1, [ONE], keeping(folder)));
    // The next one waits for what is written before it.
    await set(proxy, 'one', 'disable');
    await proxy.app.close();
    const next = await labProxy(yaml(1, [ONE], keeping(folder)));
    expect((await listed(next)).map(({ state }) => state)).toEqual(['maintenance']);
  });

  it('are dropped by an edit that takes or renames the backend, and the log says so', async () => {
    const proxy = await labProxy(yaml(1, [ONE, TWO]));
    await set(proxy, 'one', 'drain');
    await set(proxy, 'two', 'disable');
    await proxy.change(yaml(1, [ONE.replace('name: one', 'name: first')]));
    const lines = await eventually(async () => {
      const found = (await proxy.log()).split('\n').filter((line) => line.includes('set by hand is dropped'));
      return found.length === 2 ? found : undefined;
    }, 'both were logged');
    expect(lines[0]).toContain('backend=one state=draining reason="a new disk" renamed_to=first');
    expect(lines[1]).toContain('backend=two state=maintenance');
    expect(lines[1]).not.toContain('renamed_to');
    expect((await listed(proxy)).map(({ state }) => state)).toEqual(['unknown']);
  });

  it('stay with the name when an edit changes the address', async () => {
    const proxy = await labProxy(yaml(1, [ONE]));
    await set(proxy, 'one', 'drain');
    await proxy.change(yaml(1, [ONE.replace(':1', ':3')]));
    expect(await listed(proxy)).toMatchObject([{ name: 'one', state: 'draining' }]);
  });

  it('need a folder to be kept in', async () => {
    await expect(labProxy(yaml(1, [ONE], ', keep_backend_states: true'))).rejects.toThrow(
      'needs reload.history_dir',
    );
  });
});
