import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { eventually } from '../../support/time/eventually.ts';
import { connectionAt, hold, marks, oddConfig, oddProxy } from '../../support/workers/odd-plugin.ts';

buildProgram();

const FAST = 'workers: { count: 2, hang_timeout: 1s }';
const REPLACING = 'workers: { count: 2, hang_timeout: 1s, replace_hung: true }';

describe('a worker whose event loop stands still', () => {
  it('is reported, named where readings are shown, and goes on when it can', async () => {
    const proxy = await oddProxy('mark: a', FAST);
    const kept = await connectionAt(proxy, 1);
    const blocked = await connectionAt(proxy, 2);
    // How many connections it has stays known: it is written down four times a second.
    await eventually(async () => {
      const [, second] = (await proxy.status())['workers'] as { connections: number }[];
      return second?.connections === 1;
    }, 'its connection is counted');
    const free = await hold(proxy, blocked);
    expect(await proxy.untilLogged('worker does not answer')).toContain('worker=2');
    // What stands in the way of a whole answer is bounded, and named.
    const status = await proxy.status();
    expect(status['unanswered']).toEqual([2]);
    expect(status['workers']).toMatchObject([
      { worker: 1, state: 'serving' },
      { worker: 2, state: 'hung', connections: 1 },
    ]);
    expect(await ask(kept, 'who')).toBe('1:a;');
    const refused = await proxy.edit(oddConfig('mark: b', FAST));
    expect(refused.message).toMatch(
      /^worker 2 does not answer for \d+s: nothing was changed \(workers.replace_hung: true replaces such a worker\)$/,
    );
    await free();
    await proxy.untilLogged('worker answers again');
    await proxy.change(oddConfig('mark: b', FAST));
    expect(await marks(proxy)).toEqual({ '1': 'b', '2': 'b' });
  });

  it('is replaced if the config says so', async () => {
    const proxy = await oddProxy('mark: a', REPLACING);
    const blocked = await connectionAt(proxy, 2);
    blocked.send('block 600000');
    await blocked.untilEnded();
    expect(await proxy.untilLogged('worker ended')).toContain('worker=2 reason=hung');
    await proxy.untilLogged('worker serves again');
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
  });

  it('is replaced by the edit that allows it', async () => {
    const proxy = await oddProxy('mark: a', FAST);
    const blocked = await connectionAt(proxy, 2);
    blocked.send('block 600000');
    await proxy.untilLogged('worker does not answer');
    await proxy.change(oddConfig('mark: b', REPLACING));
    await blocked.untilEnded();
    await eventually(async () => (await proxy.log()).includes('worker serves again'), 'it was replaced');
    expect(await marks(proxy)).toEqual({ '1': 'b', '2': 'b' });
  });
});
