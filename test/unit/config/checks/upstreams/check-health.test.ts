import { expect, it } from 'vitest';

import { formatProblem } from '../../../../../src/config/problems/problem.ts';
import { loadConfigText } from '../../../../support/labs/load-config.ts';

const TCP = "mode: tcp\nlisten: ':1'\nbackends: [{ address: 'a:1' }]\n";
const HTTP = "listen: ':1'\nbackends: [{ address: 'a:1' }]\n";

function warningsOf(text: string): string[] {
  const { warnings } = loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp'] });
  return warnings.map(formatProblem);
}

it.each([
  [
    `${TCP}health_check: { interval: 1s }`,
    'x.yaml:4:1 health_check.timeout is 2s by default, longer than interval (1s): while a backend does not answer, it is checked less often',
  ],
  [
    `${TCP}health_check: { interval: 1s, timeout: 3s }`,
    'x.yaml:4:40 health_check.timeout is 3s, longer than interval (1s): while a backend does not answer, it is checked less often',
  ],
  [
    `${TCP}health_check: { path: /live }`,
    'x.yaml:4:23 health_check.path makes the checks requests of HTTP, while only listeners in mode tcp use the upstream: write type: http if that is meant',
  ],
  [
    `${TCP}health_check: { type: tcp, path: /live }`,
    'x.yaml:4:34 health_check.path has no effect on checks of type tcp',
  ],
  [
    "listen: ':1'\nbackends: [{ address: 'a:1', zone: eu-1 }]\nload_balancer: { zone: eu-2 }",
    'x.yaml:3:24 load_balancer.zone is "eu-2", which is the zone of no backend: theirs are eu-1; did you mean "eu-1"?',
  ],
  [
    `${HTTP}load_balancer: { zone: eu-2 }`,
    'x.yaml:3:24 load_balancer.zone is "eu-2", which is the zone of no backend: none of them has a zone',
  ],
  [
    "listen: ':1'\nbackends: [{ address: 'a:1', zone: eu-1 }]",
    'x.yaml:2:36 backends[0].zone has no effect without load_balancer.zone',
  ],
  [
    "listen: ':1'\nbackends: [{ address: 'a:1' }, { address: 'b:1', backup: true, priority: 2 }]",
    'x.yaml:2:74 backends[1].priority has no effect beside backup: true, which comes after every priority',
  ],
  [
    `${HTTP}resilience: { hedge: { after: 60s } }`,
    'x.yaml:3:31 resilience.hedge.after is not shorter than timeouts.read (1m): no second try ever begins',
  ],
  [
    `${HTTP}resilience: { hedge: { after: 2s }, retry: { per_try_timeout: 1s, on: [timeout] } }`,
    'x.yaml:3:31 resilience.hedge.after is not shorter than retry.per_try_timeout (1s): no second try ever begins',
  ],
])('warns with line and column: %s', (text, warning) => {
  expect(warningsOf(text)).toEqual([warning]);
});

it.each([
  `${TCP}health_check: { type: http, path: /live }`,
  `${HTTP}health_check: { path: /live, interval: 2s }`,
  `${HTTP}resilience: { hedge: { after: 100ms } }`,
  "listen: ':1'\nbackends: [{ address: 'a:1', zone: eu-1, priority: 1 }]\nload_balancer: { zone: eu-1 }",
])('does not warn of what makes sense: %s', (text) => {
  expect(warningsOf(text)).toEqual([]);
});

it('says that a slow start needs its window', () => {
  expect(() => warningsOf(`${HTTP}slow_start: { min_weight: 20 }`)).toThrow(
    'x.yaml:3:1 slow_start must have the key window',
  );
});
