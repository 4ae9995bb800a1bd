import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get, named } from '../../support/peers/http-talk.ts';

buildProgram();

/** The text of a config with that many workers. */
function yaml(workers: string, address: string): string {
  return `workers: ${workers}
listen: '127.0.0.1:0'
backends: [{ name: b, address: '${address}' }]
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
`;
}

describe('the number of workers', () => {
  it('is told at the start with its reason, and shown', async () => {
    const { address } = await backend(named('one'));
    const proxy = await labProxy(yaml('2', address));
    expect(await proxy.untilLogged('workers ')).toContain('count=2 reason="as the config says"');
    const { workers } = await proxy.status();
    expect(workers).toMatchObject([
      { worker: 1, state: 'serving', generation: 1 },
      { worker: 2, state: 'serving', generation: 1 },
    ]);
  });

  it('may be large: workers that are told to end at a shutdown are no crashes', async () => {
    const { address } = await backend(named('one'));
    const proxy = await labProxy(yaml('3', address));
    await proxy.app.close();
    const log = await proxy.log();
    expect(log).toContain('stopped');
    expect(log).not.toMatch(/ (WARN|ERROR) /);
  });

  it('changes at the next start alone: an edit says so, with its line, and changes all else', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(yaml('2', one.address));
    const edited = yaml('{ count: 3, hang_timeout: 5s }', two.address);
    const { status, json } = await askAdmin(proxy.adminAddress, '/config/diff', {
      method: 'POST',
      body: edited,
    });
    expect(status).toBe(200);
    const { changes } = json() as { changes: { path: string }[] };
    expect(changes.find(({ path }) => path === 'workers.count')).toMatchObject({
      effect: 'restart',
      note: 'has effect at the next start or upgrade',
    });
    const outcome = await proxy.edit(edited);
    expect(outcome).toMatchObject({
      ok: true,
      warnings: [
        {
          line: 1,
          column: 19,
          path: 'workers.count',
          message: 'has effect at the next start or upgrade: now 2 workers serve',
        },
      ],
    });
    expect((await get(await client(proxy.address()))).body).toBe('two');
    expect((await proxy.status())['workers']).toHaveLength(2);
    expect(await proxy.untilLogged('config warning')).toContain('now 2 workers serve');
  });

  it('is said to be one where one thread serves', async () => {
    const { address } = await backend(named('one'));
    const proxy = await labProxy(yaml('1', address));
    expect((await proxy.edit(yaml('4', address))).warnings).toMatchObject([
      { line: 1, column: 10, message: 'has effect at the next start or upgrade: now one worker serves' },
    ]);
  });
});

describe('the swap of an edit', () => {
  it('is measured over all workers, logged and shown', async () => {
    const [one, two] = [await backend(named('one')), await backend(named('two'))];
    const proxy = await labProxy(yaml('2', one.address));
    const outcome = await proxy.edit(yaml('2', two.address));
    expect(outcome.ok).toBe(true);
    expect(outcome.skewMs).toBeGreaterThanOrEqual(0);
    expect(outcome.lateWorkers).toEqual([]);
    expect(await proxy.untilLogged('config reloaded')).toMatch(/ skew=[\d.]+(ms|µs|s)?/);
    const { last_reload: last } = await proxy.status();
    expect(last).toMatchObject({ ok: true, skew_ms: outcome.skewMs, late_workers: [] });
  });
});
