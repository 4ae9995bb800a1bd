import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { eventually } from '../../support/time/eventually.ts';
import { connectionAt, marks, oddConfig, oddProxy } from '../../support/workers/odd-plugin.ts';

buildProgram();

/** An edit that also opens a listener. */
const EDIT = oddConfig('mark: b').replace(
  'upstreams:',
  "  - { name: two, listen: '127.0.0.1:0', mode: odd, options: { mark: two } }\nupstreams:",
);

/** A proxy whose second worker does what it should not when it is next asked that. */
async function spoiled(kind: string, way: string) {
  const proxy = await oddProxy('mark: a');
  const kept = await connectionAt(proxy, 1);
  expect(await ask(await connectionAt(proxy, 2), `spoil ${kind} ${way}`)).toBe('2:a;');
  return { proxy, kept };
}

describe('a worker that ends within an edit', () => {
  it.each([
    ['ping', 'before'],
    ['ping', 'after'],
    ['prepare', 'before'],
    ['prepare', 'after'],
    ['bind', 'before'],
  ])('(when it is asked for %s, %s its answer) keeps all others from it', async (kind, way) => {
    const { proxy, kept } = await spoiled(kind, way);
    const outcome = await proxy.edit(EDIT);
    expect(outcome).toMatchObject({ ok: false, generation: 1 });
    // Its end may be known before the next step of the edit, or within it.
    expect(outcome.message).toMatch(
      /^worker 2 (?:ended: it ended with exit code 7|does not serve at the moment)$/,
    );
    expect(await ask(kept, 'who')).toBe('1:a;');
    await proxy.untilLogged('worker serves again');
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
    expect([...proxy.app.listeners.keys()]).toEqual(['one']);
    await proxy.change(EDIT);
    expect(await marks(proxy)).toEqual({ '1': 'b', '2': 'b' });
    expect(await marks(proxy, 2, 'two')).toEqual({ '1': 'two', '2': 'two' });
  });

  it.each([
    ['bind', 'after'],
    ['commit', 'before'],
    ['commit', 'after'],
  ])(
    'once it is decided (when it is asked for %s, %s its answer) has a replacement that serves the edit',
    async (kind, way) => {
      const { proxy, kept } = await spoiled(kind, way);
      expect(await proxy.edit(EDIT)).toMatchObject({ ok: true, generation: 2, lateWorkers: [] });
      expect(await ask(kept, 'who')).toBe('1:b;');
      await proxy.untilLogged('worker serves again');
      expect(await marks(proxy)).toEqual({ '1': 'b', '2': 'b' });
      expect(await marks(proxy, 2, 'two')).toEqual({ '1': 'two', '2': 'two' });
      await proxy.change(oddConfig('mark: c'));
      expect(await marks(proxy)).toEqual({ '1': 'c', '2': 'c' });
    },
  );
});

describe('a worker that refuses what is decided', () => {
  it('is replaced by one that serves it, and the edit can be taken back', async () => {
    const { proxy, kept } = await spoiled('commit', 'refuse');
    expect(await proxy.edit(EDIT)).toMatchObject({ ok: true, generation: 2, lateWorkers: [] });
    const line = await proxy.untilLogged('worker ended, another one takes its place');
    expect(line).toContain('worker=2 reason=exception error="it refused to swap to generation 2: no"');
    expect(await ask(kept, 'who')).toBe('1:b;');
    await proxy.untilLogged('worker serves again');
    expect(await marks(proxy)).toEqual({ '1': 'b', '2': 'b' });
    const rollback = await fetch(`http://${proxy.adminAddress}/config/rollback`, { method: 'POST' });
    expect(await rollback.json()).toMatchObject({ ok: true, generation: 3 });
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
  });
});

describe('an edit by which workers crash', () => {
  const WATCHING = 'reload: { watch: false, watch_errors: { window: 30s, max_error_ratio: 0.5 } }';
  const config = (options: string) => oddConfig(options, WATCHING).replace('reload: { watch: false }\n', '');

  it.each([200, 20])('(%d ms after it went live in them) is taken back', async (ms) => {
    const proxy = await oddProxy('mark: a');
    await proxy.change(config('mark: a'));
    await proxy.change(config(`mark: b, exit_after: ${ms}`));
    await proxy.untilLogged('the edit is taken back: workers crash since then');
    await eventually(async () => (await proxy.status())['generation'] === 4, 'it was taken back');
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
  });
});
