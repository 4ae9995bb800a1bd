import { labProxy } from '../support/labs/lab-proxy.ts';
import { answering, ok } from '../support/peers/answering.ts';
import { backend } from '../support/peers/backends.ts';
import { repeated } from '../support/time/repeated.ts';
import type { AlertScene } from './alert-scenes.ts';

const QUIET = `
reload: { watch: false }
metrics: { listen: '127.0.0.1:0' }
logging: { level: fatal, access_log: false }
`;

async function ask(address: string, body?: string): Promise<void> {
  const request = body === undefined ? {} : { method: 'POST', body };
  await (await fetch(`http://${address}/`, request)).text();
}

/** One whose breakers, ejections, budgets and mirrors have something to do. */
export async function failing(): Promise<AlertScene> {
  const well = await backend(answering(() => ok()));
  const broken = await backend(answering(() => ok().replace('200 OK', '500 Broken')));
  const checked = [await backend(answering(() => ok())), await backend(answering(() => ok()))];
  const listener = (name: string, keys = ''): string =>
    `  - { name: ${name}, address: '127.0.0.1:0', mode: http, upstream: ${name}${keys} }\n`;
  const proxy = await labProxy(`${QUIET}
listeners:
${listener('breaking')}${listener('ejecting')}${listener('budget')}${listener('mirrored', ', http: { mirror: { upstream: next, body_limit: 1KiB } }')}
upstreams:
  - name: breaking
    resilience: { circuit_breaker: { max_failures: 1, timeout: 1h } }
    backends: [{ name: broken, address: '${broken.address}' }]
  - name: ejecting
    health_check: { enabled: false, passive_checks: { consecutive_failures: 1 } }
    outlier_detection: { base_ejection_time: 1h, max_ejection_time: 2h }
    backends: [{ name: ill, address: '${broken.address}' }, { name: fine, address: '${well.address}' }]
  - name: budget
    resilience: { retry: { on: [500], budget: { percent: 0, min: 0 } } }
    backends: [{ name: busy, address: '${broken.address}' }]
  - name: panicking
    health_check: { type: tcp, interval: 200ms, unhealthy_threshold: 1 }
    outlier_detection: { panic_threshold: 90 }
    backends: [{ name: first, address: '${checked[0]!.address}' }, { name: second, address: '${checked[1]!.address}' }]
  - { name: mirrored, backends: [{ name: mirrored, address: '${well.address}' }] }
  - { name: next, backends: [{ name: copies, address: '${well.address}' }] }
`);
  return {
    target: proxy.adminAddress,
    begin: async () => {
      await checked[0]!.close();
      for (const name of ['breaking', 'ejecting', 'budget']) repeated(() => ask(proxy.address(name)));
      repeated(() => ask(proxy.address('mirrored'), 'x'.repeat(5_000)));
    },
  };
}

/** One that is overloaded from an edit on, as its heap may hold nothing. */
export async function overloaded(): Promise<AlertScene> {
  const web = await backend(answering(() => ok()));
  const config = (overload: string): string => `${QUIET}
listen: '127.0.0.1:0'
backends: [{ name: web, address: '${web.address}' }]
${overload}
`;
  const proxy = await labProxy(config(''));
  return {
    target: proxy.adminAddress,
    begin: async () => {
      await proxy.change(config('overload: { heap_percent: { refuse: 0, pause: 100 } }'));
    },
  };
}
