import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../../../src/config/load/config-error.ts';
import { BalanceError } from '../../../../../src/errors.ts';
import { PluginError } from '../../../../../src/plugins/checks/plugin-error.ts';
import { veto } from '../../../../../src/runtime/supervisor/link/veto.ts';

const taken = new BalanceError('address_in_use', 'port 80 is taken');

describe('the veto of workers', () => {
  it('says which worker it came from', () => {
    const error = veto([{ worker: 2, error: taken }], 4);
    expect(error).toMatchObject({ code: 'address_in_use', message: 'port 80 is taken (worker 2)' });
  });

  it('is the reason alone when all workers have the same', () => {
    const refusals = [1, 2].map((worker) => ({ worker, error: taken }));
    expect(veto(refusals, 2).message).toBe('port 80 is taken');
    expect(veto(refusals, 3).message).toBe('port 80 is taken (worker 1)');
  });

  it('names the workers that have another reason', () => {
    const error = veto(
      [
        { worker: 1, error: taken },
        { worker: 2, error: taken },
        { worker: 3, error: new PluginError('echo', 'it threw', 'plugin echo failed: it threw') },
      ],
      3,
    );
    expect(error.message).toBe('port 80 is taken (worker 1); also: worker 3');
  });

  it('stays the error of a plugin, so that the edit can go on without that plugin', () => {
    const error = veto([{ worker: 3, error: new PluginError('echo', 'it threw', 'echo failed') }], 4);
    expect(error).toBeInstanceOf(PluginError);
    expect(error).toMatchObject({
      plugin: 'echo',
      reason: 'it threw (worker 3)',
      message: 'echo failed (worker 3)',
    });
  });

  it('keeps the lines of a config error', () => {
    const problem = { file: 'a.yaml', line: 3, column: 5, path: 'x', message: 'must be a number' };
    const error = veto([{ worker: 1, error: new ConfigError([problem]) }], 2);
    expect(error.message).toBe('a.yaml:3:5 x must be a number (worker 1)');
  });

  it('does not name a worker twice', () => {
    const error = veto(
      [{ worker: 2, error: new BalanceError('worker_gone', 'worker 2 ended: it threw') }],
      2,
    );
    expect(error.message).toBe('worker 2 ended: it threw');
  });
});
