import { expect, it, describe } from 'vitest';

import type { Explanation } from '../../../src/runtime/explain/explanation.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { eventually } from '../../support/time/eventually.ts';

describe.each([1, 2])('an explanation by a running proxy with workers: %i', (workers) => {
  it('has the state of breakers, the budget, and the group that serves', async () => {
    const failing = await backend(answering(() => ok().replace('200 OK', '500 No')));
    const spare = await backend(answering(() => ok('spare')));
    const proxy = await labProxy(`
workers: ${String(workers)}
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
listen: '127.0.0.1:0'
backends:
  - { name: first, address: '${failing.address}' }
  - { name: spare, address: '${spare.address}', backup: true }
resilience:
  circuit_breaker: { max_failures: 1, timeout: 1h }
  retry: { max_attempts: 2 }
`);
    await (await fetch(`http://${proxy.address()}/`)).text();
    const explained = async (): Promise<Explanation['upstream']> => {
      const answer = await askAdmin(proxy.adminAddress, '/explain', {
        method: 'POST',
        body: JSON.stringify({ url: '/' }),
      });
      return (answer.json() as Explanation).upstream;
    };
    await eventually(
      async () => (await explained())?.backends[0]?.breaker === 'open',
      'the breaker is open in every worker',
    );
    const upstream = await explained();
    expect(upstream?.backends).toMatchObject([
      { name: 'first', candidate: false, state: 'open', breaker: 'open', priority: 0 },
      { name: 'spare', candidate: true, state: 'unknown', breaker: 'closed', priority: 'backup' },
    ]);
    expect(upstream).toMatchObject({
      picked: 'spare',
      group: { priority: 'backup', reason: 'no backend that comes before them is up' },
      retry: { max_attempts: 2, on: ['connect-failure', 'reset'], by_route: false },
      retry_budget: { percent: 20, min: 3, allowed: 3, used: 0 },
    });
  });

  it.each([
    ['{ max_ejection_percent: 100 }', 50],
    ['{ max_ejection_percent: 100, panic_threshold: 40 }', 40],
  ])(
    'says that health is ignored, and from which part on, with outlier_detection: %s',
    async (outliers, percent) => {
      const failing = await backend(answering(() => ok().replace('200 OK', '500 No')));
      const works = await backend(answering(() => ok()));
      const port = failing.address.split(':').at(-1);
      const proxy = await labProxy(`
workers: ${String(workers)}
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
listen: '127.0.0.1:0'
backends:
  - { name: works, address: '${works.address}' }
  - { name: fails, address: '${failing.address}' }
  - { name: fails_too, address: 'localhost:${String(port)}' }
health_check: { enabled: false, passive_checks: { consecutive_failures: 1 } }
outlier_detection: ${outliers}
`);
      const explained = async (): Promise<Explanation['upstream']> => {
        const body = JSON.stringify({ url: '/' });
        const answer = await askAdmin(proxy.adminAddress, '/explain', { method: 'POST', body });
        return (answer.json() as Explanation).upstream;
      };
      expect((await explained())?.panic).toBeUndefined();
      await eventually(async () => {
        await (await fetch(`http://${proxy.address()}/`)).text();
        return (await explained())?.panic !== undefined;
      }, 'too few backends are healthy');
      const upstream = await explained();
      expect(upstream?.panic).toBe(
        `health is ignored, as fewer than ${String(percent)} % of the backends are healthy`,
      );
      expect(upstream?.backends.map(({ candidate }) => candidate)).toEqual([true, true, true]);
    },
  );
});

it('an explanation by a running proxy has states in the words of GET /backends', async () => {
  const only = await backend(answering(() => ok()));
  const proxy = await labProxy(`
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
listen: '127.0.0.1:0'
backends: [{ name: only, address: '${only.address}' }]
`);
  for (const state of ['unhealthy', 'healthy']) {
    await askAdmin(proxy.adminAddress, `/backends/only/${state}`, { method: 'POST' });
    const answer = await askAdmin(proxy.adminAddress, '/explain', {
      method: 'POST',
      body: JSON.stringify({ url: '/' }),
    });
    expect((answer.json() as Explanation).upstream?.backends).toMatchObject([{ name: 'only', state }]);
  }
});
