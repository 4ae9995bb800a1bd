import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';
import { MortalBackend } from './mortal-backend.ts';

/** What else may stop requests to a backend that is gone, before any of them finds that it cannot be connected to. */
const SETTINGS = {
  'nothing else': '',
  retries: 'resilience: { retry: { enabled: true, initial_delay: 0 } }',
  'a circuit breaker': 'resilience: { circuit_breaker: { enabled: true, max_failures: 2, timeout: 1s } }',
  'retries and a circuit breaker':
    'resilience: { retry: { enabled: true, initial_delay: 0 }, circuit_breaker: { enabled: true, max_failures: 2, timeout: 1s } }',
  ejection:
    'health_check: { enabled: false, passive_checks: { consecutive_failures: 2 } }\n    outlier_detection: { base_ejection_time: 1s }',
  'active checks that have not noticed yet': 'health_check: { type: tcp, interval: 1h }',
};

function config(workers: number, backends: readonly MortalBackend[], upstream: string): string {
  const list = backends.map(({ name, address }) => `{ name: ${name}, address: '${address}' }`);
  return `
workers: ${String(workers)}
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [${list.join(', ')}]
    ${upstream}
admin: { listen: '127.0.0.1:0' }
`;
}

/** Requests until the log has such a line about the backend. */
async function untilLogged(proxy: LabProxy, line: string): Promise<void> {
  await eventually(async () => {
    await fetch(`http://${proxy.address()}/`).then(async (response) => response.text());
    return (await proxy.log()).includes(line);
  }, `"${line}" is logged`);
}

buildProgram();

describe.each([1, 2])('a backend that dies, with %i workers', { timeout: 120_000 }, (workers) => {
  it.each(Object.entries(SETTINGS))(
    'is told of once, and once when it is back: %s',
    async (_name, upstream) => {
      const dies = await MortalBackend.start('dies');
      const stays = await MortalBackend.start('stays');
      const proxy = await labProxy(config(workers, [dies, stays], upstream));
      dies.mood = 'holds';
      const asked = Array.from({ length: 12 }, () =>
        fetch(`http://${proxy.address()}/`).catch(() => undefined),
      );
      await dies.holding(6);
      await dies.kill();
      await Promise.all(asked);
      await untilLogged(proxy, 'WARN connects to backend fail');
      dies.mood = 200;
      await dies.revive();
      await untilLogged(proxy, 'WARN connects to backend work again');
      const lines = (await proxy.log()).split('\n').filter((line) => line.includes('connects to backend'));
      expect(lines.map((line) => /backend=(\w+)/.exec(line)?.[1])).toEqual(['dies', 'dies']);
    },
  );
});
