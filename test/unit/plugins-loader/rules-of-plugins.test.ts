import { describe, expect, it } from 'vitest';

import { diffConfigs } from '../../../src/config/diff/diff-configs.ts';
import { lintConfig } from '../../../src/config/lint/lint-config.ts';
import { formatProblem } from '../../../src/config/problems/problem.ts';
import { loadConfigText } from '../../support/labs/load-config.ts';
import { pluginFolder, PluginLab, plainPlugin } from '../../support/labs/plugin-lab.ts';
import type { PluginSet } from '../../../src/plugins/plugin-set.ts';

/** The rules of a protocol with a pool of topics, as a stranger writes them. */
const RULES = `configSchema: {
    type: 'object',
    properties: {
      topics: { type: 'array', default: [] },
      limit: { type: 'string', format: 'duration', default: '10s' },
      secret: { type: 'string' },
    },
  },
  optionsRules: {
    keyKinds: ['source-ip'],
    check({ topics, limit }, { listener, error, warn, shown, isGiven, didYouMean }) {
      if (listener.upstream !== undefined) warn('upstream', 'is never used: topics name their upstreams');
      if (limit < 1000) error(['limit'], 'must be at least 1s');
      if (!isGiven(['topics'])) warn('listener', 'has no topics');
      for (const [index, { kind }] of topics.entries()) {
        if (kind === 'crash') throw new Error('out of words');
        if (!['queue', 'stream'].includes(kind))
          error(['topics', index, 'kind'], 'is ' + shown(['topics', index, 'kind'], kind) + ', and must be queue or stream' + didYouMean(kind, ['queue', 'stream']));
      }
    },
    lint({ topics }, { warn, unreached }) {
      for (const [index, { name }] of topics.entries()) {
        if (!name.startsWith('old')) continue;
        warn(['topics', index, 'name'], 'belongs to the old system');
        unreached(['topics', index, 'upstream']);
      }
    },
    *upstreams({ topics }) {
      for (const [index, { upstream }] of topics.entries())
        yield { name: upstream, place: ['topics', index, 'upstream'], sockets: 'keep-alive' };
    },
    *diff(before, after, section) {
      yield* section.list('topics', before.topics, after.topics, {
        noun: 'topic',
        nameOf: ({ name }) => name,
        reordered: 'topics in another order',
      });
      yield* section.settings(before, after, () => ({ effect: 'drains', note: 'topics are joined anew' }), ['topics']);
    },
  }`;

async function plugins(more: string = RULES): Promise<PluginSet> {
  const lab = new PluginLab(await pluginFolder({ 'mq.mjs': plainPlugin('mq', more) }));
  return (await lab.prepare()).plugins;
}

const CONFIG = (topics: string, more = ''): string => `listeners:
  - name: bus
    listen: 127.0.0.1:1
    mode: mq
    options:
      topics:
${topics}${more}
upstreams:
  - { name: orders, backends: [{ address: '127.0.0.1:2' }] }
  - { name: events, backends: [{ address: '127.0.0.1:3' }] }
`;
const TOPIC = (name: string, kind = 'queue', upstream = name): string =>
  `        - { name: ${name}, kind: ${kind}, upstream: ${upstream} }\n`;

const load = (text: string, env = {}) =>
  loadConfigText(text, 'x.yaml', { env, modes: ['http', 'tcp', 'mq'] });

/** What refuses a config, or the warnings about it. */
async function told(text: string, env = {}): Promise<string[]> {
  const set = await plugins();
  try {
    return set.check(load(text, env)).warnings.map(formatProblem);
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

describe("a plugin's rules about its options", () => {
  it('refuse them with file, line and column, as HTTP does', async () => {
    const text = CONFIG(TOPIC('orders', 'quue') + TOPIC('events'), '      limit: 10ms\n');
    expect(await told(text)).toEqual([
      'x.yaml:7:33 listeners[0].options.topics[0].kind is "quue", and must be queue or stream; did you mean "queue"?',
      'x.yaml:9:14 listeners[0].options.limit must be at least 1s',
    ]);
  });

  it('never show what came from the environment', async () => {
    const text = CONFIG(TOPIC('orders', '"${env:KIND}"') + TOPIC('events'));
    const [problem = ''] = await told(text, { KIND: 'hunter2' });
    expect(problem).toContain('is "${env:KIND}", and must be');
    expect(problem).not.toContain('hunter2');
  });

  it('are asked after the schema, with its defaults filled in', async () => {
    expect(await told(CONFIG(TOPIC('orders') + TOPIC('events')))).toEqual([]);
    expect(await told(CONFIG(TOPIC('orders', 'crash'), '      limit: soon\n'))).toEqual([
      expect.stringMatching(/^x\.yaml:8:14 listeners\[0\]\.options\.limit must be a duration/),
    ]);
  });

  it('name upstreams that must exist, and those that nothing uses are warned of', async () => {
    expect(await told(CONFIG(TOPIC('orders', 'queue', 'order') + TOPIC('events')))).toEqual([
      'x.yaml:7:50 listeners[0].options.topics[0].upstream names the upstream "order", which does not exist; did you mean "orders"?',
    ]);
    expect(await told(CONFIG(TOPIC('orders')))).toEqual([
      'x.yaml:11:13 upstreams[1].name is used by no listener and no route',
    ]);
  });

  it('say which keys a balancer may hash', async () => {
    const text = CONFIG(TOPIC('orders') + TOPIC('events')).replace(
      'name: events, backends',
      'name: events, load_balancer: { algorithm: maglev, hash_key: path }, backends',
    );
    expect(await told(text)).toEqual([
      'x.yaml:12:67 upstreams[1].load_balancer.hash_key must be source-ip, as a listener in mode mq uses this upstream',
    ]);
  });

  it('warn of what works, at the listener as a whole and at its upstream, too', async () => {
    const text = `mode: mq\nlisten: 127.0.0.1:1\nbackends: [{ address: '127.0.0.1:2' }]\n`;
    expect(await told(text)).toEqual([
      'x.yaml:1:1 has no topics',
      'x.yaml:3:1 backends is never used: topics name their upstreams',
    ]);
  });

  it('refuse the edit when they throw', async () => {
    expect(await told(CONFIG(TOPIC('orders', 'crash') + TOPIC('events')))).toEqual([
      "x.yaml:5:5 listeners[0].options can't be checked: plugin mq failed: out of words",
    ]);
  });

  it('give advice, and say which backends get nothing', async () => {
    const set = await plugins();
    const loaded = load(CONFIG(TOPIC('old-orders', 'queue', 'orders') + TOPIC('events')));
    expect(lintConfig(loaded, set.rulesOf).map(formatProblem)).toEqual([
      'x.yaml:7:19 listeners[0].options.topics[0].name belongs to the old system',
      'x.yaml:11:32 upstreams[0].backends[0] gets nothing: no request is routed to it',
    ]);
  });

  const words = async (before: string, after: string, more?: string): Promise<string[]> => {
    const { rulesOf } = await plugins(more);
    const changes = diffConfigs(load(before).config, load(after).config, { rulesOf });
    return changes.map(({ path, effect, summary, note }) => [path, effect, summary, note ?? ''].join(' | '));
  };
  const BEFORE = CONFIG(TOPIC('orders') + TOPIC('events'), '      secret: hunter2\n');
  const AFTER = CONFIG(
    TOPIC('events') + TOPIC('orders', 'stream'),
    '      secret: swordfish\n      limit: 20s\n',
  );

  it('put an edit into words', async () => {
    const at = 'listeners[bus].options';
    expect(await words(BEFORE, AFTER)).toEqual([
      `${at}.topics[orders].kind | hot | listener bus: topic orders: kind queue → stream | `,
      `${at}.topics | hot | listener bus: topics in another order | `,
      `${at}.secret | drains | listener bus: secret has another value | topics are joined anew`,
      `${at}.limit | drains | listener bus: limit 10s → 20s | topics are joined anew`,
    ]);
  });

  it('need not put an edit into words, and an edit without words is no failure', async () => {
    const generic = [
      'listeners[bus].options.limit | hot | listener bus: options.limit 20s (was not set) | counts for new connections',
    ];
    const after = BEFORE.replace('secret: hunter2', 'secret: hunter2\n      limit: 20s');
    expect(await words(BEFORE, after, '')).toEqual(generic);
    const broken = "optionsRules: { *diff() { yield 1; throw new Error('no words'); } }";
    expect(await words(BEFORE, after, broken)).toEqual([
      'listeners[bus].options.limit | hot | listener bus: limit 20s (was not set) | counts for new connections',
    ]);
  });
});
