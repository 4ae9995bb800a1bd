import { describe, expect, it } from 'vitest';

import { WorkerSettings } from '../../../../src/app/serving/worker-settings.ts';
import { formatProblem } from '../../../../src/config/problems/problem.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';

const load = (workers: string) =>
  loadConfigText(`backends: [{ name: a, address: "a:1" }]\nworkers: ${workers}\n`, 'x.yaml', {
    modes: ['http'],
  });

/** The workers of a proxy that started with `workers`, and runs `count` of them. */
function started(workers: string, count: number) {
  const settings = new WorkerSettings(count);
  const edit = async (text: string): Promise<readonly string[]> => {
    const change = await settings.prepare(load(text));
    change.commit();
    return (change.warnings ?? []).map(formatProblem);
  };
  return { edit, start: () => edit(workers) };
}

describe('the settings of workers in a running proxy', () => {
  it('warn of another number with its line, as long as the config says so', async () => {
    const { edit, start } = started('2', 2);
    expect(await start()).toEqual([]);
    const warning = 'x.yaml:2:10 workers has effect at the next start or upgrade: now 2 workers serve';
    expect(await edit('3')).toEqual([warning]);
    expect(await edit('{ count: 3, replace_hung: true }')).toEqual([
      'x.yaml:2:19 workers.count has effect at the next start or upgrade: now 2 workers serve',
    ]);
    expect(await edit('2')).toEqual([]);
  });

  it('say when one thread serves', async () => {
    const { edit, start } = started('1', 1);
    await start();
    expect(await edit('64')).toEqual([
      'x.yaml:2:10 workers has effect at the next start or upgrade: now one worker serves',
    ]);
  });

  it('take what a start made of the first number as it is', async () => {
    const { edit, start } = started('64', 1);
    expect(await start()).toEqual([]);
    expect(await edit('64')).toEqual([]);
    expect(await edit('1')).toEqual([]);
  });
});
