import { EventEmitter, once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';

import { HealthBoard } from '../../../src/health/health-board.ts';
import type { CheckedBackend, HealthChange } from '../../../src/health/watch/health-feed.ts';
import { BackendContexts } from '../../../src/net/dial/tls/backend-contexts.ts';
import type { HealthCheckRecord } from '../../../src/readings/upstreams/upstream.ts';
import { fixedNames } from '../../support/addresses/fixed-names.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { eventually } from '../../support/time/eventually.ts';
import { healthSection } from './health-section.ts';
import { rawServer, refusingAddress } from './raw-server.ts';

const SECTION = healthSection({
  interval: 20,
  timeout: 5_000,
  healthy_threshold: 1,
  unhealthy_threshold: 1,
  expected_status: '200',
});

function lab(names = fixedNames()) {
  const logger = new RecordingLogger();
  const changes: HealthChange[] = [];
  const records: HealthCheckRecord[] = [];
  const board = new HealthBoard({
    logger,
    names,
    contexts: new BackendContexts(),
    telemetry: { healthCheck: (record) => records.push(record) },
    observer: { healthChanged: (change) => changes.push(change) },
  });
  return { board, logger, changes, records };
}

function backend(target: CheckedBackend['target'], name = 'one', key = 'check'): CheckedBackend {
  const active = { section: SECTION, proxyProtocol: undefined, tls: undefined, key };
  return { upstream: 'app', name, target, check: { active, agent: undefined, agentKey: '' } };
}

/** Watches until the test ends. */
function watch(board: HealthBoard, checked: CheckedBackend) {
  const events = new EventEmitter();
  const watched = board.watch(checked, () => {
    events.emit('changed');
  });
  onTestFinished(() => watched.release());
  return { ...watched, changed: () => once(events, 'changed') };
}

/** A server that takes checks. */
async function checkedServer() {
  const events = new EventEmitter();
  const seen = { checks: 0 };
  const { address } = await rawServer((socket) => {
    seen.checks += 1;
    socket.end();
    events.emit('check');
  });
  return { address, seen, another: () => once(events, 'check') };
}

describe('a health board', () => {
  it('checks an address once for all who watch it, and tells each of them', async () => {
    const { board, logger, changes } = lab();
    const address = await refusingAddress();
    const watches = ['one', 'one', 'two'].map((name) => watch(board, backend(address, name)));
    expect(new Set(watches.map(({ health }) => health)).size).toBe(1);
    expect(watches[0]!.health.healthy).toBe(true);
    await Promise.all(watches.map(({ changed }) => changed()));
    expect(watches[0]!.health.healthy).toBe(false);
    expect(changes.map(({ backend: name, healthy }) => [name, healthy])).toEqual([
      ['one', false],
      ['two', false],
    ]);
    expect(logger.lines.filter((line) => line.includes('backend is unhealthy'))).toHaveLength(2);
  });

  it('checks until the last one has left', async () => {
    const { board } = lab();
    const { address, seen, another } = await checkedServer();
    const watches = [watch(board, backend(address)), watch(board, backend(address))];
    await another();
    watches[0]!.release();
    watches[0]!.release();
    await another();
    watches[1]!.release();
    const before = seen.checks;
    const other = await checkedServer();
    watch(board, backend(other.address));
    for (let checks = 0; checks < 5; checks++) await other.another();
    // One may have been under way.
    expect(seen.checks).toBeLessThanOrEqual(before + 1);
  });

  it('begins new checks with what the earlier ones of the address found', async () => {
    const { board } = lab();
    const address = await refusingAddress();
    const first = watch(board, backend(address, 'one', 'old'));
    await first.changed();
    const second = watch(board, backend(address, 'one', 'new'));
    expect(second.health).not.toBe(first.health);
    expect(second.health.healthy).toBe(false);
  });

  it('keeps what was found over edits that follow each other faster than checks', async () => {
    const { board } = lab();
    const address = await refusingAddress();
    const first = watch(board, backend(address, 'one', 'old'));
    await first.changed();
    const second = watch(board, backend(address, 'one', 'new'));
    first.release();
    const third = watch(board, backend(address, 'one', 'newer'));
    second.release();
    expect(third.health.healthy).toBe(false);
  });

  it('counts a check for each name that the backend has', async () => {
    const { board, records } = lab();
    const address = await refusingAddress();
    const watches = ['one', 'one', 'two'].map((name) => watch(board, backend(address, name)));
    await watches[0]!.changed();
    expect(records.map(({ upstream, backend: name, passed }) => [upstream, name, passed])).toEqual([
      ['app', 'one', false],
      ['app', 'two', false],
    ]);
  });
});

describe('a thousand backends', () => {
  it('begin a few at a time, never run more checks at once than are allowed, and keep their states when one of them is edited', async () => {
    const MANY = 1_000;
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    const { address } = await rawServer((socket) => {
      running += 1;
      most = Math.max(most, running);
      begun.push(performance.now());
      socket.on('close', () => (running -= 1));
      socket.on('error', () => undefined);
      socket.once('data', () => setTimeout(() => socket.end('HTTP/1.1 200 OK\r\n\r\n'), 20));
    });
    const hosts = Array.from({ length: MANY }, (_, at) => [`backend-${at}`, ['127.0.0.1']] as const);
    const { board, records } = lab(fixedNames(Object.fromEntries(hosts)));
    const section = healthSection({ type: 'http', interval: 600_000, timeout: 5_000, initial_state: 'down' });
    const checked = (at: number, key = 'check'): CheckedBackend => ({
      upstream: 'app',
      name: `backend-${at}`,
      target: { ...address, host: `backend-${at}` },
      check: {
        active: { section, proxyProtocol: undefined, tls: undefined, key },
        agent: undefined,
        agentKey: '',
      },
    });
    const watched = Array.from({ length: MANY }, (_, at) => watch(board, checked(at)));
    await eventually(
      () => watched.every(({ health }) => health.healthy),
      'all have passed their first check',
    );
    expect(records).toHaveLength(MANY);
    expect(most).toBeLessThanOrEqual(256);
    // In no tenth of a second began more than a third of them.
    const inTenths = new Map<number, number>();
    for (const at of begun) inTenths.set(Math.floor(at / 100), (inTenths.get(Math.floor(at / 100)) ?? 0) + 1);
    expect(Math.max(...inTenths.values())).toBeLessThan(MANY / 3);
    const changedAt = watched.map(({ health }) => health.changedAtMs);
    const [first, ...others] = watched;
    const next = watch(board, checked(0, 'another'));
    first!.release();
    expect(next.health).toMatchObject({ healthy: true });
    expect(others.map(({ health }) => [health.healthy, health.changedAtMs])).toEqual(
      changedAt.slice(1).map((at) => [true, at]),
    );
    expect(records).toHaveLength(MANY);
  });

  it('one address of an upstream with two different checks has a state for each', async () => {
    const { address } = await rawServer((socket) => {
      socket.on('data', (bytes) => {
        const status = bytes.toString().startsWith('GET /good') ? 200 : 500;
        socket.end(`HTTP/1.1 ${status} OK\r\n\r\n`);
      });
    });
    const { board } = lab();
    const checkOf = (path: string): CheckedBackend => ({
      upstream: 'app',
      name: 'one',
      target: address,
      check: {
        active: {
          section: healthSection({ ...SECTION, type: 'http', path }),
          proxyProtocol: undefined,
          tls: undefined,
          key: path,
        },
        agent: undefined,
        agentKey: '',
      },
    });
    const [good, bad] = [watch(board, checkOf('/good')), watch(board, checkOf('/bad'))];
    await eventually(
      () => good.health.lastCheckAtMs !== undefined && bad.health.lastCheckAtMs !== undefined,
      'both checks have ended',
    );
    expect([good.health.healthy, bad.health.healthy]).toEqual([true, false]);
  });
});
