import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { askAdmin } from '../../support/peers/admin-client.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { fieldValues } from '../../support/peers/http-message.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';

interface Listed {
  readonly id: number;
  readonly source: string;
  readonly outcome: string;
  readonly summary: string;
}

function yaml(address: string, reload = '', more = ''): string {
  return `mode: http
listen: '127.0.0.1:0'
backends: [{ name: b, address: '${address}' }]
admin: { listen: '127.0.0.1:0' }
reload: { watch: false ${reload} }
${more}`;
}

async function history(proxy: LabProxy): Promise<Listed[]> {
  const { json } = await askAdmin(proxy.adminAddress, '/config/history');
  return (json() as { configs: Listed[] }).configs;
}

async function rollBack(
  proxy: LabProxy,
  body?: string,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const { status, json } = await askAdmin(proxy.adminAddress, '/config/rollback', { method: 'POST', body });
  return { status, json: json() as Record<string, unknown> };
}

async function served(proxy: LabProxy): Promise<string> {
  return (await get(await client(proxy.address()))).body;
}

describe('a rollback', () => {
  it('makes the config before live again, until the next edit', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(yaml(one.address));
    await proxy.change(yaml(two.address));
    expect(await served(proxy)).toBe('two');
    expect(await rollBack(proxy)).toMatchObject({ status: 200, json: { ok: true, source: 'rollback' } });
    expect(await served(proxy)).toBe('one');
    expect(await readFile(proxy.configFile, 'utf8')).toContain(two.address);
    expect(await history(proxy)).toMatchObject([
      { id: 3, source: 'rollback', outcome: 'live' },
      { id: 2, source: 'admin', outcome: 'rolled back' },
      { id: 1, source: 'start', outcome: 'replaced', summary: 'first config' },
    ]);
    await proxy.change(yaml(two.address, '', 'queue: { max_size: 5 }'));
    expect(await served(proxy)).toBe('two');
  });

  it('goes behind an edit also when that was reloaded without a change', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(yaml(one.address));
    await proxy.change(yaml(two.address));
    expect(await proxy.app.reload()).toMatchObject({ ok: true, changes: [] });
    await proxy.change(`# a comment\n${yaml(two.address)}`);
    expect((await history(proxy)).map(({ id }) => id)).toEqual([2, 1]);
    expect((await rollBack(proxy)).status).toBe(200);
    expect(await served(proxy)).toBe('one');
  });

  it('goes further back each time, and not to what was rolled back', async () => {
    const [one, two, three] = [
      await backend(named('one')),
      await backend(named('two')),
      await backend(named('three')),
    ];
    const proxy = await labProxy(yaml(one.address));
    for (const { address } of [two, three]) await proxy.change(yaml(address));
    const seen: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      expect((await rollBack(proxy)).status).toBe(200);
      seen.push(await served(proxy));
    }
    expect(seen).toEqual(['two', 'one']);
    expect((await rollBack(proxy)).status).toBe(409);
  });

  it('goes to any config that is kept, and says which are not', async () => {
    const [one, two, three] = [
      await backend(named('one')),
      await backend(named('two')),
      await backend(named('three')),
    ];
    const proxy = await labProxy(yaml(one.address, ', history_size: 3'));
    for (const { address } of [two, three]) await proxy.change(yaml(address, ', history_size: 3'));
    expect((await rollBack(proxy, '{"id": 1}')).status).toBe(200);
    expect(await served(proxy)).toBe('one');
    // The oldest one made room.
    expect((await history(proxy)).map(({ id }) => id)).toEqual([4, 3, 2]);
    expect(await rollBack(proxy, '{"id": 1}')).toMatchObject({
      status: 404,
      json: { error: 'unknown_config' },
    });
    for (const body of ['{"id": 0}', '{"id": "2"}', '{"to": 2}', '[]', 'nonsense'])
      expect([body, (await rollBack(proxy, body)).status]).toEqual([body, 400]);
    expect(await served(proxy)).toBe('one');
  });

  it('goes further back each time, until there is nothing before', async () => {
    const servers = [await backend(named('one')), await backend(named('two')), await backend(named('three'))];
    const [first, ...later] = servers.map(({ address }) => yaml(address));
    const proxy = await labProxy(first!);
    for (const edit of later) await proxy.change(edit);
    expect((await rollBack(proxy)).status).toBe(200);
    expect(await served(proxy)).toBe('two');
    expect((await rollBack(proxy)).status).toBe(200);
    expect(await served(proxy)).toBe('one');
    expect(await rollBack(proxy)).toMatchObject({ status: 409, json: { error: 'no_earlier_config' } });
  });

  it('passes over reloads that changed nothing, which push no config out either', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(yaml(one.address, ', history_size: 2'));
    const edited = yaml(two.address, ', history_size: 2');
    for (const text of [edited, edited, edited]) await proxy.change(text);
    expect((await history(proxy)).map(({ id, outcome }) => [id, outcome])).toEqual([
      [2, 'live'],
      [1, 'replaced'],
    ]);
    expect((await rollBack(proxy)).status).toBe(200);
    expect(await served(proxy)).toBe('one');
  });

  it('has nowhere to go at first, and where nothing is kept', async () => {
    const proxy = await labProxy(yaml('127.0.0.1:1', ', history_size: 0'));
    await proxy.change(yaml('127.0.0.1:2', ', history_size: 0'));
    expect(await rollBack(proxy)).toMatchObject({ status: 409, json: { error: 'no_earlier_config' } });
    expect(await history(proxy)).toEqual([]);
  });

  it('shows old configs with their secrets masked', async () => {
    const token = 'token: 0123456789-0123456789-0123456789';
    const proxy = await labProxy(
      yaml(
        '127.0.0.1:1',
        '',
        'transform: { request_headers: [{ action: set, name: Authorization, value: hidden-value }] }',
      ),
    );
    await proxy.change(yaml('127.0.0.1:2'));
    const { json, body } = await askAdmin(proxy.adminAddress, '/config/history?id=1');
    expect(json()).toMatchObject({
      id: 1,
      config: { upstreams: [{ backends: [{ address: '127.0.0.1:1' }] }] },
    });
    expect(body).not.toContain('hidden-value');
    expect(body).not.toContain(token);
  });
});

describe('a history folder', () => {
  const KEPT = ', history_dir: history';

  it('keeps configs over restarts, for nobody else to read', async () => {
    const seen: string[][] = [];
    const one = await backend(
      answering((request) => {
        seen.push(fieldValues(request, 'x-key'));
        return ok('one');
      }),
    );
    const two = await backend(named('two'));
    const secret =
      'transform: { request_headers: [{ action: set, name: X-Key, value: "${env:DIRECTORY}" }] }';
    const first = await labProxy(yaml(one.address, KEPT, secret));
    await first.change(yaml(two.address, KEPT));
    const folder = join(first.directory, 'history');
    await first.app.close();
    const files = (await readdir(folder)).sort();
    expect(files).toHaveLength(2);
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);

    const second = await labProxy(yaml(two.address, `, history_dir: '${folder}'`));
    await eventually(async () => (await history(second)).length === 3, 'three configs');
    expect((await history(second)).map(({ id, outcome }) => [id, outcome])).toEqual([
      [3, 'live'],
      [2, 'replaced'],
      [1, 'replaced'],
    ]);
    expect(await rollBack(second, '{"id": 1}')).toMatchObject({ status: 200 });
    expect(await served(second)).toBe('one');
    expect(seen.at(-1)).toEqual([first.directory]);
  });

  it('is not filled by restarts that bring nothing new', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const folder = await mkdtemp(join(tmpdir(), 'balance-history-'));
    owned({ close: () => rm(folder, { recursive: true }) });
    const kept = `, history_dir: '${folder}', history_size: 3`;
    const first = await labProxy(yaml(one.address, kept));
    await first.change(yaml(two.address, kept));
    await first.app.close();
    for (let restarts = 0; restarts < 2; restarts += 1) {
      const again = await labProxy(yaml(two.address, kept));
      await eventually(async () => (await history(again)).length === 2, 'what was kept is there');
      expect(await history(again)).toMatchObject([
        { id: 2, outcome: 'live', source: 'admin' },
        { id: 1, outcome: 'replaced', source: 'start' },
      ]);
      await again.app.close();
    }
    const last = await labProxy(yaml(two.address, kept));
    await last.change(yaml('127.0.0.1:1', kept));
    expect((await rollBack(last, '{"id": 1}')).status).toBe(200);
    expect(await served(last)).toBe('one');
    await last.app.close();
    expect((await readdir(folder)).map((file) => file.slice(0, 6)).sort()).toEqual([
      '000002',
      '000003',
      '000004',
    ]);
  });

  it('that can not be used costs a warning and no edit', async () => {
    const proxy = await labProxy(yaml('127.0.0.1:1', ', history_dir: no/such/folder'));
    await proxy.untilLogged('history folder can not be used');
    await proxy.change(yaml('127.0.0.1:2', ', history_dir: no/such/folder'));
    expect((await rollBack(proxy)).status).toBe(200);
  });
});

describe('reload.watch_errors', () => {
  const GUARDED = ', watch_errors: { window: 20s, max_error_ratio: 0.1 }';

  async function askOften(proxy: LabProxy, done: () => Promise<boolean>): Promise<void> {
    const peer = await client(proxy.address());
    await eventually(async () => {
      for (let i = 0; i < 10; i++) await get(peer);
      return done();
    }, 'the guard is done');
  }

  const isRolledBack = async (proxy: LabProxy): Promise<boolean> =>
    (await history(proxy))[0]?.source === 'guard';

  it('takes an edit back after which requests fail, and says so', async () => {
    const [good, bad] = [
      await backend(named('good')),
      await backend(answering(() => ok('bad').replace('200 OK', '500 Oh no'))),
    ];
    const proxy = await labProxy(yaml(good.address, GUARDED));
    await askOften(proxy, () => Promise.resolve(true));
    await proxy.change(yaml(bad.address, GUARDED));
    expect(await served(proxy)).toBe('bad');
    expect((await proxy.app.reload()).ok).toBe(true);
    await askOften(proxy, () => isRolledBack(proxy));
    expect(await served(proxy)).toBe('good');
    const said = await proxy.untilLogged('the edit is taken back: too many requests fail since then');
    expect(said).toContain('error_ratio=1 ');
    expect((await history(proxy)).map(({ outcome }) => outcome)).toEqual(['live', 'rolled back', 'replaced']);
    // An operator who reacts to the same errors by hand must not bring the bad config back.
    expect((await rollBack(proxy)).status).toBe(409);
  });

  it('takes an edit back though the same files were read again meanwhile', async () => {
    const good = await backend(named('good'));
    const bad = await backend(answering(() => ok('bad').replace('200 OK', '500 Oh no')));
    const proxy = await labProxy(yaml(good.address, GUARDED));
    await askOften(proxy, () => Promise.resolve(true));
    await proxy.change(yaml(bad.address, GUARDED));
    expect(await proxy.app.reload()).toMatchObject({ ok: true, changes: [] });
    await askOften(proxy, () => isRolledBack(proxy));
    expect(await served(proxy)).toBe('good');
  });

  it('takes an edit back that leaves requests without a route', async () => {
    const good = await backend(named('good'));
    const proxy = await labProxy(yaml(good.address, GUARDED));
    const routes = `listeners: [{ name: default, listen: '127.0.0.1:0', mode: http, http: { routes: [{ path: /other, upstream: u }] } }]
upstreams: [{ name: u, backends: [{ address: '${good.address}' }] }]
admin: { listen: '127.0.0.1:0' }
reload: { watch: false ${GUARDED} }
`;
    await proxy.change(routes);
    await askOften(proxy, () => isRolledBack(proxy));
    expect(await served(proxy)).toBe('good');
  });
});
