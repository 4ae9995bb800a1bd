import { describe, expect, it } from 'vitest';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { problemsOf, yaml } from '../problems-of.ts';

const load = (text: string) => loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp'] });

describe('a file that is no usable YAML', () => {
  it.each([
    ['nothing', '', 'x.yaml:1:1 is empty'],
    ['comments', '# nothing\n', 'x.yaml:1:1 is empty'],
    ['an empty document', '---\n', 'x.yaml:1:1 is empty'],
    [
      'several documents',
      'mode: http\n---\nmode: tcp\n',
      'x.yaml:2:1 must hold one YAML document, not several',
    ],
    ['YAML 1.1', '%YAML 1.1\n---\nmode: http\n', 'x.yaml:1:1 must be YAML 1.2: take out the %YAML directive'],
    ['an unknown tag', 'mode: !secret x\n', 'x.yaml:1:7 is not valid here: Unresolved tag: !secret'],
    [
      'a tag that makes bytes',
      'mode: !!binary aGk=\n',
      'x.yaml:1:7 is not valid here: Unresolved tag: tag:yaml.org,2002:binary',
    ],
    ['a tab', 'backends:\n\t- x\n', 'x.yaml:2:1 has a tab in its indentation: YAML takes spaces only'],
    ['a key given twice', 'mode: http\nmode: tcp\n', 'x.yaml:2:1 mode is given twice, first in line 1'],
    [
      'a key given twice deep inside',
      'backends:\n  - address: a:1\n    weight: 1\n    weight: 2\n',
      'x.yaml:4:5 backends[0].weight is given twice, first in line 3',
    ],
    ['a list as key', '? [a, b]\n: 1\n', 'x.yaml:1:3 must have keys that are plain text'],
    [
      'a key that JavaScript misunderstands',
      '__proto__: {}\n',
      'x.yaml:1:1 __proto__ can not be used as a key',
    ],
    [
      'an alias without anchor',
      'mode: *m\n',
      'x.yaml:1:7 mode stands for the anchor &m, which is not set before it; a text that begins with * needs quotes',
    ],
    [
      'an alias inside of its anchor',
      'backends: &b\n  - *b\n',
      'x.yaml:2:5 backends[0] stands for the anchor &b, which it is a part of',
    ],
    [
      'a merge of text',
      'admin: { <<: x }\n',
      'x.yaml:1:10 admin.<< must be a mapping, an alias of one, or a list of these',
    ],
    [
      'a merge of a list of text',
      'listen: &l ":1"\nadmin: { <<: [*l] }\n',
      'x.yaml:2:10 admin.<< must be a mapping, an alias of one, or a list of these',
    ],
    ['a list', '- a\n', 'x.yaml:1:1 must be a mapping of keys to values'],
    ['a word', 'hello\n', 'x.yaml:1:1 must be a mapping of keys to values'],
  ])('with %s is refused', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('is refused with all syntax errors at once', () => {
    expect(problemsOf('a: [1, 2\nb: "x\nc: 1\n').length).toBeGreaterThan(1);
  });

  it.each([
    ['flow lists', '['.repeat(100_000)],
    ['flow mappings', '{a: '.repeat(50_000)],
    ['block lists', '- '.repeat(20_000)],
    ['block mappings', Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('is refused when %s are nested without end', (_, text) => {
    expect(problemsOf(text)).toEqual(['x.yaml:1:1 must not be nested deeper than 50 levels']);
  });
});

describe('alias bombs', () => {
  const levels = (open: string, item: string, close: string) =>
    ['l0: &l0 {a: 1, b: 2}']
      .concat(
        Array.from({ length: 9 }, (_, level) => {
          const items = Array.from({ length: 10 }, () => item.replace('N', String(level))).join(', ');
          return `l${level + 1}: &l${level + 1} ${open}${items}${close}`;
        }),
      )
      .join('\n');

  it.each([
    ['lists', levels('[', '*lN', ']')],
    ['merge keys', levels('{<<: [', '*lN', ']}')],
  ])('made of %s are refused at once', (_, text) => {
    expect(problemsOf(text)).toContainEqual(
      expect.stringMatching(/stands for more than 500000 values through its aliases$/),
    );
  });
});

describe('anchors, aliases and merge keys', () => {
  const text = yaml`
    listeners:
      - { name: a, listen: ":1", upstream: one }
      - { name: b, listen: ":2", upstream: two }
    upstreams:
      - &one
        name: one
        backends: &backends [{ address: "a:1" }]
        timeouts: { connect: 1s }
      - <<: *one
        name: two
        backends: *backends
        queue: { max_size: 5 }
  `;

  it('work as YAML says', () => {
    expect(load(text).config.upstreams).toMatchObject([
      { name: 'one', timeouts: { connect: 1000 }, queue: { max_size: 1024 } },
      { name: 'two', timeouts: { connect: 1000 }, queue: { max_size: 5 }, backends: [{ address: 'a:1' }] },
    ]);
  });

  it('are pointed at where the wrong value stands', () => {
    expect(problemsOf(text.replace('connect: 1s', 'connect: 1'))).toEqual([
      'x.yaml:8:26 upstreams[0].timeouts.connect must be a duration with its unit, such as 150ms, 5s, 1m30s, 12h or 1d, longer than 0',
      'x.yaml:8:26 upstreams[1].timeouts.connect must be a duration with its unit, such as 150ms, 5s, 1m30s, 12h or 1d, longer than 0',
    ]);
  });

  it('may be used hundreds of times', () => {
    const backends = Array.from({ length: 500 }, (_, n) => `  - { <<: *b, address: "a:${n + 1}" }`).join(
      '\n',
    );
    const { config } = load(`backends:\n  - &b { address: "b:1", weight: 2 }\n${backends}\n`);
    expect(config.upstreams[0]?.backends).toHaveLength(501);
    expect(config.upstreams[0]?.backends.every(({ weight }) => weight === 2)).toBe(true);
  });
});

describe('what YAML 1.1 would have changed', () => {
  it('stays text', () => {
    const { config } = load('backends: [{ name: yes, address: "a:1" }, { name: 1h30, address: "b:1" }]');
    expect(config.upstreams[0]?.backends.map(({ name }) => name)).toEqual(['yes', '1h30']);
  });
});
