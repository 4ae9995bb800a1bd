import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { ask, askAnew, logged, SAY, sayPlugin, sayProxy } from '../../support/labs/say-plugin.ts';
import { writeInto } from '../../support/write-into.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

const TIMED = SAY.replace('directory: plugins', 'directory: plugins, timeout: 3s');

describe('a plugin that is broken while the proxy runs', () => {
  it('is shown by /status with the reason, beside what runs', async () => {
    const proxy = await sayProxy({}, `${SAY}admin: { listen: '127.0.0.1:0' }\n`);
    const plugins = async () => (await proxy.status())['plugins'] as Record<string, { name: string }[]>;
    expect((await plugins())['loaded']!.map(({ name }) => name).sort()).toEqual([
      'address-list',
      'compress',
      'cors',
      'http',
      'other',
      'say',
      'security-headers',
      'tcp',
    ]);
    await writeInto(proxy.directory, { 'plugins/say.mjs': 'export default {' });
    await proxy.untilLogged('config not reloaded');
    expect((await plugins())['failures']).toEqual([
      {
        file: expect.stringMatching(/plugins.say\.mjs$/) as string,
        reason: 'Unexpected end of input (say.mjs:1)',
      },
    ]);
  });

  it.each([
    ['is no JavaScript', 'export default {\n  x: 5 5\n};', 'Unexpected number (say.mjs:2)'],
    ['exits', 'process.exit(7);', 'it calls process.exit(7) when it is imported'],
    ['never finishes', 'await new Promise(() => {});', 'importing it never finishes'],
    [
      'throws a moment later',
      'setTimeout(() => { throw new Error("late"); }, 5);',
      'it throws when it is imported: late (say.mjs:1:26)',
    ],
    ['blocks', 'for (;;);', 'importing it takes longer than 3000 ms'],
    [
      'refuses its options',
      sayPlugin('v2', 'say', "configSchema: { type: 'object', required: ['mark'] }"),
      'options must have the key mark',
    ],
    [
      'throws at provision',
      sayPlugin('v2').replace('new Say(options, host)', '{ throw new Error("no"); }'),
      'listener one: no (say.mjs:',
    ],
    [
      'hangs at provision',
      sayPlugin('v2').replace('new Say(options, host)', 'new Promise(() => {})'),
      'listener one: it takes longer than 3000 ms',
    ],
    [
      'exits at provision',
      sayPlugin('v2').replace('new Say(options, host)', 'process.exit(9)'),
      'a plugin called process.exit(9)',
    ],
    [
      'gives no instance',
      sayPlugin('v2').replace('new Say(options, host)', '({ handle: 5 })'),
      'must give an object with the functions',
    ],
  ])('because it %s changes nothing, says why, and serves once it is mended', async (_, text, reason) => {
    const proxy = await sayProxy({}, TIMED);
    const kept = await client(proxy.address('one'));
    expect(await ask(kept, 'a')).toBe('v1:a;');
    await writeInto(proxy.directory, { 'plugins/say.mjs': text });
    expect(await proxy.untilLogged('plugin refused')).toContain(reason);
    expect(await proxy.untilLogged('config not reloaded')).toContain('source=plugins');
    expect(await ask(kept, 'b')).toBe('v1:b;');
    expect(await askAnew(proxy)).toBe('v1:x;');
    // An edit of the config goes on with the version that works.
    await writeFile(proxy.configFile, TIMED.replace('mode: say', "mode: say, options: { mark: '!' }"));
    await eventually(async () => /^v[12]!:x;$/.test(await askAnew(proxy)), 'the edit is live');
    expect(await ask(kept, 'c')).toMatch(/^v1!?:c;$/);
    await writeInto(proxy.directory, { 'plugins/say.mjs': sayPlugin('v3') });
    await eventually(async () => (await askAnew(proxy)) === 'v3!:x;', 'the mended one serves');
    // Each worker has made an instance, and keeps it.
    expect(await logged(proxy, 'version=o1')).toBe(TEST_WORKERS);
  });
});

/** A plugin that does that to each connection. */
function faultyPlugin(handle: string): string {
  return `
function mistake() { throw new Error('a mistake'); }
const quiet = { data() {}, end() {}, drained() {}, closed() {} };
export default {
  apiVersion: 2,
  name: 'say',
  provision: (options, host) => ({
    protocol: 'say',
    active: 0,
    handle(connection) {
      const { transport: stream } = connection;
      ${handle}
      return { drain() {} };
    },
    async close() {},
  }),
};
`;
}

describe('what a plugin throws', () => {
  it.each([
    ['handle', 'mistake();'],
    ['a promise of handle', 'stream.read(quiet); return Promise.resolve().then(mistake);'],
    ['data', 'stream.read({ ...quiet, data: mistake });'],
    ['a promise of data', 'stream.read({ ...quiet, async data() { await null; mistake(); } });'],
    ['closed', 'stream.read({ ...quiet, closed: mistake, data() { stream.destroy(); } });'],
    ['a deadline', 'stream.read(quiet); host.deadline(() => { stream.destroy(); mistake(); }).set(1);'],
  ])(
    'in %s is logged with plugin, listener, place and stack, once for many, and counted',
    async (_, handle) => {
      const proxy = await sayProxy(
        { 'plugins/say.mjs': faultyPlugin(handle) },
        `${SAY}metrics: { listen: '127.0.0.1:0' }\n`,
      );
      const rounds = 5;
      for (let round = 0; round < rounds; round += 1) {
        const socket = await client(proxy.address('one'));
        socket.send('x');
        await socket.untilEnded();
      }
      const count = () =>
        ScrapedMetrics.from(proxy.adminAddress).then((metrics) =>
          metrics.sum('balance_plugin_failures_total', { plugin: 'say' }),
        );
      await eventually(async () => (await count()) === rounds, 'all are counted');
      const line = await proxy.untilLogged('a mistake');
      const file = `${proxy.directory}/plugins/say.mjs`;
      expect(line).toMatch(/ ERROR protocol (failed|refused) .* error="a mistake" /);
      expect(line).toContain(' plugin=say ');
      expect(line).toContain(' listener=one ');
      expect(line).toContain(` at=${file}:2:28 stack="at `);
      expect(line).toContain('say.mjs');
      // Each worker tells what it sees.
      expect(await logged(proxy, 'a mistake')).toBeLessThanOrEqual(TEST_WORKERS);
      const metrics = await ScrapedMetrics.from(proxy.adminAddress);
      expect(metrics.sum('balance_plugin_failures_total', { plugin: 'other' })).toBe(0);
    },
  );

  it.each(['Object.create(null)', "Object.defineProperty(new Error(), 'message', { get() { throw 1; } })"])(
    'ends the connection even if nothing can be told of it: %s',
    async (thrown) => {
      const handle = `stream.read({ ...quiet, data() { throw ${thrown}; } });`;
      const proxy = await sayProxy({ 'plugins/say.mjs': faultyPlugin(handle) });
      const socket = await client(proxy.address('one'));
      socket.send('x');
      await socket.untilEnded();
      expect(await proxy.untilLogged('protocol failed')).toContain(
        'error="something that no text can be made of"',
      );
    },
  );

  it('of nobody, as texts have no stack, is told in bounded lines', async () => {
    const proxy = await sayProxy({});
    for (let n = 0; n < 1000; n++) proxy.app.strayError(`text ${n}`);
    proxy.app.strayError(Object.create(null));
    proxy.app.strayError(new Error('a mistake'));
    await proxy.untilLogged('text 200');
    expect(await logged(proxy, 'unexpected error')).toBe(201);
  });

  it('in a timer is told as its own, and not as a mystery', async () => {
    const proxy = await sayProxy({});
    const error = new Error('late');
    error.stack = `Error: late\n    at Timeout._onTimeout (file://${proxy.directory}/plugins/say.mjs?state=abc.12:7:3)\n    at listOnTimeout (node:internal/timers:1:1)`;
    proxy.app.strayError(error);
    expect(await proxy.untilLogged('late')).toMatch(
      / ERROR plugin failed in a timer, .*; the proxy goes on plugin=say error=late at=\S+\/plugins\/say\.mjs:7:3 stack=/,
    );
    proxy.app.strayError(new Error('of nobody'));
    expect(await proxy.untilLogged('of nobody')).toContain('unexpected error; the proxy goes on');
  });
});
