import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { client } from '../../support/peers/clients.ts';
import { connectionAt, hold, marks, oddConfig, oddProxy } from '../../support/workers/odd-plugin.ts';

buildProgram();

describe('an edit with two workers', () => {
  it('is live in both, and the swap is measured', async () => {
    const proxy = await oddProxy('mark: a');
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
    const outcome = await proxy.edit(oddConfig('mark: b'));
    expect(outcome).toMatchObject({ ok: true, generation: 2, lateWorkers: [] });
    expect(outcome.skewMs).toBeGreaterThanOrEqual(0);
    expect(await marks(proxy)).toEqual({ '1': 'b', '2': 'b' });
    expect((await proxy.status())['workers']).toMatchObject([
      { worker: 1, state: 'serving', restarts: 0 },
      { worker: 2, state: 'serving', restarts: 0 },
    ]);
  });

  it('never mixes: once an edit is done, no worker answers by the one before', async () => {
    const proxy = await oddProxy('mark: m0');
    const sockets = [await connectionAt(proxy, 1), await connectionAt(proxy, 2)];
    for (let edit = 1; edit <= 20; edit += 1) {
      await proxy.change(oddConfig(`mark: m${edit}`));
      const answers = await Promise.all(sockets.map((socket) => ask(socket, 'who')));
      expect(answers).toEqual([`1:m${edit};`, `2:m${edit};`]);
    }
  });

  it('changes nothing when one worker can not build it, and says which one', async () => {
    const proxy = await oddProxy('mark: a');
    const outcome = await proxy.edit(oddConfig('mark: b, fail_in: [2]'));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toMatch(
      /^listener one: plugin odd failed: no, says 2 \(odd.mjs:\d+:\d+\) \(worker 2\)$/,
    );
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
    await proxy.change(oddConfig('mark: c'));
    expect(await marks(proxy)).toEqual({ '1': 'c', '2': 'c' });
  });

  it('names the others when their reasons differ, and no worker when all say the same', async () => {
    const proxy = await oddProxy('mark: a');
    const { message: differing } = await proxy.edit(oddConfig('fail_in: [1, 2]'));
    expect(differing).toMatch(/plugin odd failed: no, says 1 \(odd\S+\) \(worker 1\); also: worker 2$/);
    const { message: alike } = await proxy.edit(oddConfig('fail_in: [1, 2], alike: true'));
    expect(alike).toMatch(/plugin odd failed: no, says the plugin \(odd\S+\)$/);
  });

  it('changes nothing when an address can not be had', async () => {
    const proxy = await oddProxy('mark: a');
    const taken = await oddProxy('mark: other');
    const listeners = `
listeners:
  - { name: one, listen: '127.0.0.1:0', mode: odd, options: { mark: b } }
  - { name: two, listen: '${taken.address()}', mode: odd }`;
    const outcome = await proxy.edit(oddConfig('').replace(/\nlisteners:\n.*/, listeners));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toContain(`listener two can't bind ${taken.address()}`);
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
    await proxy.change(oddConfig('mark: c'));
    expect(await marks(proxy)).toEqual({ '1': 'c', '2': 'c' });
  });

  it('changes nothing when a worker ends while it builds; its replacement has the config that is live', async () => {
    const proxy = await oddProxy('mark: a');
    const outcome = await proxy.edit(oddConfig('mark: b, exit_in: 2'));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toBe('worker 2 ended: it ended with exit code 7');
    await proxy.untilLogged('worker serves again');
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
    await proxy.change(oddConfig('mark: c'));
    expect(await marks(proxy)).toEqual({ '1': 'c', '2': 'c' });
  });

  it('changes nothing while a worker does not answer, and says so within the time for a sign of life', async () => {
    const proxy = await oddProxy('mark: a');
    const blocked = await connectionAt(proxy, 2);
    const other = await connectionAt(proxy, 1);
    const free = await hold(proxy, blocked);
    // The others serve meanwhile.
    expect(await ask(other, 'who')).toBe('1:a;');
    const outcome = await proxy.edit(oddConfig('mark: b'));
    expect(outcome.ok).toBe(false);
    expect(outcome.message).toBe(
      'worker 2 did not answer within 2000 ms: nothing was changed (workers.replace_hung: true replaces such a worker)',
    );
    expect(await ask(other, 'who')).toBe('1:a;');
    await free();
    await proxy.change(oddConfig('mark: c'));
    expect(await marks(proxy)).toEqual({ '1': 'c', '2': 'c' });
  });

  it('opens and closes listeners in both', async () => {
    const proxy = await oddProxy('mark: a');
    const before = proxy.address();
    const two = `
listeners:
  - { name: two, listen: '127.0.0.1:0', mode: odd, options: { mark: two } }`;
    await proxy.change(oddConfig('').replace(/\nlisteners:\n.*/, two));
    expect([...proxy.app.listeners.keys()]).toEqual(['two']);
    expect(await marks(proxy)).toEqual({ '1': 'two', '2': 'two' });
    await expect(client(before)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a start with two workers', () => {
  it('fails with the reason of the one that can not serve', async () => {
    await expect(oddProxy('fail_in: [2]')).rejects.toThrow(/no, says 2 .* \(worker 2\)$/);
  });

  it('fails when one ends meanwhile', async () => {
    await expect(oddProxy('exit_in: 1')).rejects.toThrow('worker 1 ended: it ended with exit code 7');
  });
});
