import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { AgentCheck } from '../../../../src/config/schema/config.generated.ts';
import { HealthBoard } from '../../../../src/health/health-board.ts';
import type { CheckedBackend } from '../../../../src/health/watch/health-feed.ts';
import { BackendContexts } from '../../../../src/net/dial/tls/backend-contexts.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { rawServer } from '../raw-server.ts';

/** A backend with an agent that does with each question what the test says, and no active checks. */
async function lab(accept: (socket: Socket) => void, given: Partial<AgentCheck> = {}) {
  const logger = new RecordingLogger();
  const board = new HealthBoard({ logger, names: fixedNames(), contexts: new BackendContexts() });
  const { address } = await rawServer((socket) => {
    accept(socket);
  });
  const agent: AgentCheck = { enabled: true, port: address.port, interval: 5, timeout: 5_000, ...given };
  const watch = (settings: AgentCheck = agent, upstream = 'app') => {
    const backend: CheckedBackend = {
      upstream,
      name: 'one',
      target: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      check: { active: undefined, agent: settings, agentKey: JSON.stringify(settings) },
    };
    const events = new EventEmitter();
    const watched = board.watch(backend, () => events.emit('changed'));
    onTestFinished(() => watched.release());
    return { ...watched, changed: () => once(events, 'changed') };
  };
  return { logger, agent, watch };
}

describe('an agent', () => {
  it('takes its backend down, and brings it back', async () => {
    let says = 'down #disk is full\n';
    const { logger, watch } = await lab((socket) => socket.end(says));
    const { health, changed } = watch();
    expect(health.healthy).toBe(true);
    await changed();
    expect([health.healthy, health.lastError]).toEqual([false, 'its agent says: down #disk is full']);
    says = 'up 50%\n';
    await changed();
    expect(health).toMatchObject({ healthy: true, lastError: undefined, agent: { share: 0.5 } });
    expect(health.lastCheckAtMs).toBeTypeOf('number');
    const lines = logger.lines.filter((line) => line.includes('agent '));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('warn agent says for the first time how its backend is');
    expect(lines[1]).toContain('info agent changed the state of its backend');
  });

  it('may give its reason in any script', async () => {
    const reason = Buffer.from('down #диск полон\n');
    // A character in two pieces.
    const { watch } = await lab((socket) => {
      socket.write(reason.subarray(0, 7));
      setImmediate(() => socket.end(reason.subarray(7)));
    });
    const { health, changed } = watch();
    await changed();
    expect(health.lastError).toBe('its agent says: down #диск полон');
  });

  it('that first says that all is well is no news, and what it says later is', async () => {
    let says = 'up ready 100%\n';
    const { logger, watch } = await lab((socket) => socket.end(says));
    const { health, changed } = watch();
    await changed();
    const since = health.agent?.sinceMs;
    expect(since).toBeTypeOf('number');
    expect(logger.lines.filter((line) => line.includes('agent '))).toEqual([]);
    says = 'drain\n';
    await changed();
    expect(health.agent).toMatchObject({ admin: 'drain' });
    expect(health.agent?.sinceMs).toBeGreaterThanOrEqual(since ?? Infinity);
    expect(logger.lines.filter((line) => line.includes('agent changed the state'))).toHaveLength(1);
  });

  it('that says nothing, or what nobody understands, changes nothing', async () => {
    const answers = ['drain\n', '', 'hello\n', '\n'];
    const { watch } = await lab((socket) => socket.end(answers.shift() ?? 'hello again\n'));
    const { health, changed } = watch();
    await changed();
    await eventually(() => health.agent?.error?.includes('hello again'), 'the last answer came');
    expect(health.agent).toMatchObject({ admin: 'drain', text: 'drain' });
  });

  it('that falls silent is told once, and once when it speaks again', async () => {
    let says = 'drain\n';
    const { logger, watch } = await lab((socket) => socket.end(says));
    const { health, changed } = watch();
    const told = () => logger.lines.filter((line) => /agent (gives|answers)/.test(line));
    await changed();
    expect(told()).toEqual([]);
    says = 'hello\n';
    await eventually(() => health.agent?.error?.includes('hello'), 'nobody understands it');
    says = '';
    await eventually(() => health.agent?.error?.includes('hello') === false, 'it says nothing');
    says = 'drain\n';
    await eventually(() => told().length === 2, 'it speaks again');
    expect(told()[0]).toMatch(
      /^warn agent gives no answer: what it said last counts .*not understood.*hello/,
    );
    expect(told()[1]).toMatch(/^info agent answers again /);
  });

  it('that never ends its answer is given up after the timeout', async () => {
    const { watch } = await lab((socket) => socket.write('drain'), { timeout: 20 });
    const { health } = watch();
    await eventually(() => health.agent?.error, 'the question ended');
    expect(health.agent).toMatchObject({ admin: 'ready', error: 'no answer within 20ms' });
  });

  it('gets the text that it waits for', async () => {
    const { watch } = await lab(
      (socket) => socket.once('data', (bytes) => socket.end(bytes.toString() === 'app\n' ? 'maint\n' : '')),
      { send: String.raw`app\n` },
    );
    const { health, changed } = watch();
    await changed();
    expect(health.agent?.admin).toBe('maint');
  });

  it('keeps what it said when its settings change, in its own upstream only', async () => {
    const { agent, watch } = await lab((socket) => socket.end('drain\n'));
    await watch().changed();
    const later: AgentCheck = { ...agent, interval: 60_000 };
    expect(watch(later).health.agent?.admin).toBe('drain');
    expect(watch(later, 'other').health.agent?.admin).toBe('ready');
  });
});
