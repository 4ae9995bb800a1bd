import { expect, it } from 'vitest';

import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { diffConfigs as diff } from '../../../../src/config/diff/diff-configs.ts';
import { loadConfigText, rulesOf } from '../../../support/labs/load-config.ts';

const diffConfigs = (before: Config, after: Config) => diff(before, after, { rulesOf });

const COUNT = 40;

function numbers(edit: (list: number[]) => number[] = (list) => list): number[] {
  return edit(Array.from({ length: COUNT }, (_, index) => index));
}

function config(backends: number[], routes: number[], weight = 1) {
  const backend = (at: number): string =>
    `      - { name: b${at}, address: '127.0.0.1:${1000 + at}', weight: ${at === 7 ? weight : 1} }\n`;
  const text = `
listeners:
  - name: web
    listen: 127.0.0.1:8080
    upstream: one
    http:
      routes:
${routes.map((at) => `        - { name: r${at}, path_prefix: /${at}, upstream: one }\n`).join('')}
upstreams:
  - name: other
    backends: [{ name: o, address: '127.0.0.1:1' }]
  - name: one
    backends:
${backends.map(backend).join('')}`;
  return loadConfigText(text, 'test.yaml', { modes: ['http'] }).config;
}

const before = config(numbers(), numbers());

it.each([
  ['nothing', config(numbers(), numbers()), []],
  [
    'a weight',
    config(numbers(), numbers(), 5),
    [['upstreams[one].backends[b7].weight', 'changed', 'upstream one: backend b7: weight 1 → 5']],
  ],
  [
    'a backend that leaves and a route that comes',
    config(
      numbers((list) => list.slice(1)),
      numbers((list) => [...list, 99]),
    ),
    [
      ['listeners[web].http.routes[r99]', 'added', 'listener web: route r99 added'],
      ['upstreams[one].backends[b0]', 'removed', 'upstream one: backend b0 removed'],
    ],
  ],
])('tells of long lists only what is edited: %s', (_, after, changes) => {
  expect(diffConfigs(before, after).map(({ path, kind, summary }) => [path, kind, summary])).toEqual(changes);
});

it('tells of long lists that their order is another one', () => {
  const after = config(
    numbers((list) => list.reverse()),
    numbers((list) => [...list.slice(1), 0]),
  );
  expect(diffConfigs(before, after).map(({ path }) => path)).toEqual([
    'listeners[web].http.routes',
    'upstreams[one].backends',
  ]);
});
