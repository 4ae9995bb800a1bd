import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { CheckedBackend } from '../../../../src/health/watch/health-feed.ts';
import { feedLab, settled } from './feed-lab.ts';

const HOUR_MS = 60 * 60 * 1000;

function backend(name: string, key = 'check'): CheckedBackend {
  const active = { section: {} as never, proxyProtocol: undefined, tls: undefined, key };
  const check = { active, agent: undefined, agentKey: '' };
  return { upstream: 'app', name, target: { kind: 'tcp', host: '127.0.0.1', port: 1 }, check };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the health of backends', () => {
  it('reaches all workers that watch, at once when it changes', async () => {
    const { health, worker } = feedLab();
    const changes: string[] = [];
    const watches = [1, 2].map((number) =>
      worker().clients.health.watch(backend('one'), () => changes.push(`worker ${number}`)),
    );
    await settled();
    expect(watches.map((watch) => watch.health.healthy)).toEqual([true, true]);
    health.checked('one', false, 5);
    await settled();
    expect(watches.map((watch) => watch.health)).toMatchObject([
      { healthy: false, changedAtMs: 5, lastCheckAtMs: 5, lastError: 'refused' },
      { healthy: false },
    ]);
    expect(changes).toEqual(['worker 1', 'worker 2']);
    health.checked('one', true, 6);
    await settled();
    expect(watches[1]!.health).toMatchObject({ healthy: true, lastError: undefined });
  });

  it('is watched once a worker, however many members ask for it', async () => {
    const { health, worker } = feedLab();
    const { clients } = worker();
    const changes: number[] = [];
    const watches = [1, 2, 3].map((number) =>
      clients.health.watch(backend('one'), () => changes.push(number)),
    );
    clients.health.watch(backend('one', 'another check'), () => undefined);
    await settled();
    expect(health.watched).toHaveLength(2);
    expect(watches[1]!.health).toBe(watches[0]!.health);
    watches[0]!.release();
    watches[0]!.release();
    health.checked('one', false, 5);
    await settled();
    expect(changes).toEqual([2, 3]);
    watches[1]!.release();
    watches[2]!.release();
    await settled();
    expect(health.watched).toHaveLength(1);
    // What is told of an ended watch is of no interest.
    health.checked('one', true, 6);
    await settled();
    expect(changes).toEqual([2, 3]);
  });

  it('is known to a worker that comes later, before anything that it is told later', async () => {
    const { health, worker } = feedLab();
    worker().clients.health.watch(backend('one'), () => undefined);
    await settled();
    health.checked('one', false, 5);
    const late = worker().clients.health.watch(backend('one'), () => undefined);
    // One microtask reports what is watched. The answer of a worker that has prepared an edit comes later.
    await Promise.resolve();
    expect(late.health.healthy).toBe(false);
  });

  it('tells every second when backends were checked', async () => {
    const { health, worker } = feedLab();
    const watch = worker().clients.health.watch(backend('one'), () => undefined);
    await settled();
    health.checked('one', true, 7);
    await settled();
    expect(watch.health.lastCheckAtMs).toBeUndefined();
    vi.advanceTimersByTime(1_000);
    expect(watch.health.lastCheckAtMs).toBe(7);
  });

  it('goes on to be found out for a while when a worker has ended', async () => {
    const { health, worker } = feedLab();
    const first = worker();
    first.clients.health.watch(backend('one'), () => undefined);
    await settled();
    first.end();
    vi.advanceTimersByTime(1_900);
    expect(health.watched).toHaveLength(1);
    // Nobody is told: that would throw.
    health.checked('one', false, 5);
    const second = worker().clients.health.watch(backend('one'), () => undefined);
    await settled();
    expect(second.health.healthy).toBe(false);
    vi.advanceTimersByTime(200);
    expect(health.watched).toHaveLength(1);
  });

  it('stays that of a healthy backend where checks can not be begun, and the log says so', async () => {
    const { worker, logger } = feedLab();
    const watch = worker().clients.health.watch(backend('broken'), () => undefined);
    await settled();
    expect(watch.health.healthy).toBe(true);
    expect(logger.lines.join()).toContain('backend can not be checked');
  });
});

describe('the addresses of host names', () => {
  it('are looked up once for all who wait, and known at once from then on', async () => {
    const { names, worker } = feedLab();
    const { clients, asked } = worker();
    const answers: unknown[] = [];
    const held = clients.names.hold('One.test', () => answers.push('changed'));
    clients.names.lookUp('one.test', (...answer) => answers.push(answer));
    clients.names.lookUp('ONE.test', (...answer) => answers.push(answer));
    await settled();
    expect(answers).toEqual([]);
    names.answer('one.test', ['127.0.0.1']);
    await settled();
    expect(answers).toContainEqual([['127.0.0.1'], undefined]);
    expect(answers.filter((answer) => answer !== 'changed')).toHaveLength(2);
    expect(held.record.addresses).toEqual(['127.0.0.1']);
    clients.names.lookUp('one.test', (...answer) => answers.push(answer));
    expect(answers).toHaveLength(4);
    expect(asked.lookUps).toBe(1);
  });

  it('follow for those who hold them', async () => {
    const { names, worker } = feedLab();
    const { clients } = worker();
    const changes: unknown[] = [];
    const held = clients.names.hold('one.test', () => changes.push(record.addresses));
    const { record } = held;
    await settled();
    names.answer('one.test', ['127.0.0.1']);
    await settled();
    names.answer('one.test', ['127.0.0.1']);
    await settled();
    names.answer('one.test', ['127.0.0.2', '127.0.0.3']);
    await settled();
    expect(changes).toEqual([['127.0.0.1'], ['127.0.0.2', '127.0.0.3']]);
    expect(record.counts.found).toBe(3);
    held.release();
    held.release();
    await settled();
    expect(names.holders('one.test')).toBe(0);
  });

  it('come with the reason when there are none, and failing names are asked for again, once a second', async () => {
    const { names, worker } = feedLab();
    const { clients, asked } = worker();
    clients.names.hold('gone.test', () => undefined);
    const answers: unknown[] = [];
    const ask = (): void => void clients.names.lookUp('gone.test', (...answer) => answers.push(answer));
    ask();
    await settled();
    names.answer('gone.test', [], 'no such name');
    await settled();
    expect(answers).toEqual([[[], 'no such name']]);
    for (let times = 0; times < 5; times++) ask();
    expect(answers).toHaveLength(6);
    expect(asked.lookUps).toBe(2);
    vi.advanceTimersByTime(1_001);
    ask();
    expect(asked.lookUps).toBe(3);
  });

  it('are asked for each time where nobody holds the name, and not waited for by those who gave up', async () => {
    const { names, worker } = feedLab();
    const { clients, asked } = worker();
    const answers: unknown[] = [];
    const stop = clients.names.lookUp('one.test', () => answers.push('gave up'));
    clients.names.lookUp('one.test', (addresses) => answers.push(addresses));
    stop();
    names.answer('one.test', ['127.0.0.1']);
    await settled();
    clients.names.lookUp('one.test', (addresses) => answers.push(addresses));
    await settled();
    expect(answers).toEqual([['127.0.0.1'], ['127.0.0.1']]);
    expect(asked.lookUps).toBe(2);
    expect(names.holders('one.test')).toBe(0);
  });

  it('need no look-up when they are addresses', () => {
    const { clients, asked } = feedLab().worker();
    const answers: unknown[] = [];
    clients.names.lookUp('127.0.0.1', (addresses) => answers.push(addresses));
    clients.names.lookUp('::1', (addresses) => answers.push(addresses));
    expect(answers).toEqual([['127.0.0.1'], ['::1']]);
    expect(asked.lookUps).toBe(0);
  });

  it('have their turns in each worker', async () => {
    const { worker } = feedLab();
    const [one, two] = [worker(), worker()];
    for (const { clients } of [one, two]) clients.names.hold('one.test', () => undefined);
    const both = ['127.0.0.1', '127.0.0.2'];
    const first = (clients: typeof one.clients) => clients.names.turns('one.test', 80).order(both)[0];
    expect([first(one.clients), first(one.clients), first(two.clients)]).toEqual([both[0], both[1], both[0]]);
  });

  it('are shown by the supervisor alone', async () => {
    const { feeds, names, worker } = feedLab();
    const { clients } = worker();
    clients.names.hold('one.test', () => undefined);
    await settled();
    names.answer('one.test', ['127.0.0.1']);
    expect(feeds.hostNames()).toMatchObject([{ name: 'one.test', addresses: ['127.0.0.1'] }]);
    expect(clients.names.records()).toEqual([]);
  });
});

describe('the keys of session tickets', () => {
  it('are the same in all workers, and known to all before any makes tickets with them', () => {
    const { ring, worker } = feedLab();
    const rings = [worker(), worker()].map(({ clients }) => clients.ticketKeys);
    const makers = () => [ring, ...rings].map((each) => each.current().name.toString('hex'));
    const old = ring.current().name;
    expect(new Set(makers()).size).toBe(1);
    expect(rings[0]!.fixed.equals(ring.fixed)).toBe(true);

    vi.advanceTimersByTime(12 * HOUR_MS - 60_000);
    // All know the next key, and none uses it.
    expect(new Set(makers())).toEqual(new Set([old.toString('hex')]));
    const [next] = ring
      .export()
      .keys.map(({ name }) => Buffer.from(name, 'base64'))
      .filter((name) => !name.equals(old));
    for (const each of [ring, ...rings]) expect(each.named(next!)?.name.equals(next!)).toBe(true);

    vi.advanceTimersByTime(1_000);
    expect(new Set(makers())).toEqual(new Set([next!.toString('hex')]));
    for (const each of rings) {
      expect(each.named(old)).toBeDefined();
      expect(each.ageMs).toBeLessThan(1_000);
      expect(each.named(Buffer.alloc(16))).toBeUndefined();
    }
  });

  it('change again and again, and old ones are forgotten', () => {
    const { ring, worker } = feedLab();
    const { ticketKeys } = worker().clients;
    const names: string[] = [];
    for (let times = 0; times < 4; times++) {
      names.push(ticketKeys.current().name.toString('hex'));
      vi.advanceTimersByTime(12 * HOUR_MS);
    }
    expect(new Set(names).size).toBe(4);
    expect(ticketKeys.named(Buffer.from(names[0]!, 'hex'))).toBeUndefined();
    expect(ticketKeys.named(Buffer.from(names[3]!, 'hex'))).toBeDefined();
    expect(ring.current().name.equals(ticketKeys.current().name)).toBe(true);
  });

  it('are those of now in a worker that starts between the two steps', () => {
    const { worker } = feedLab();
    const early = worker().clients.ticketKeys;
    vi.advanceTimersByTime(12 * HOUR_MS - 59_500);
    const late = worker().clients.ticketKeys;
    expect(late.current().name.equals(early.current().name)).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(late.current().name.equals(early.current().name)).toBe(true);
  });
});
