import { EventEmitter, once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';

import { HealthBoard } from '../../../src/health/health-board.ts';
import type { CheckedBackend, HealthChange } from '../../../src/health/watch/health-feed.ts';
import { BackendContexts } from '../../../src/net/dial/tls/backend-contexts.ts';
import type { HealthCheckRecord } from '../../../src/readings/upstreams/upstream.ts';
import { fixedNames } from '../../support/addresses/fixed-names.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { healthSection } from './health-section.ts';
import { rawServer, refusingAddress } from './raw-server.ts';

const SECTION = healthSection({
  interval: 20,
  timeout: 5_000,
  healthy_threshold: 1,
  unhealthy_threshold: 1,
  expected_status: '200',
});

function lab() {
  const logger = new RecordingLogger();
  const changes: HealthChange[] = [];
  const records: HealthCheckRecord[] = [];
  const board = new HealthBoard({
    logger,
    names: fixedNames(),
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

  it('counts a check for each name that the backend has', async () => {
    const { board, records } = lab();
    const address = await refusingAddress();
    const watches = ['one', 'one', 'two'].map((name) => watch(board, backend(address, name)));
    await watches[0]!.changed();
    expect(records.map(({ backend: name, passed }) => [name, passed])).toEqual([
      ['one', false],
      ['two', false],
    ]);
  });
});
