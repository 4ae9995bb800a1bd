import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { HealthMonitor, type HealthMonitorOptions } from '../../../src/health/health-monitor.ts';
import type { Address } from '../../../src/config/values/address.ts';
import { CheckTurns } from '../../../src/health/pace/check-turns.ts';
import type { ProbeSettings } from '../../../src/health/probe/probe-settings.ts';
import { probeStarter } from '../../../src/health/probe/probe-starter.ts';
import type { ProbeEnded } from '../../../src/health/probe/probe-socket.ts';
import { rawServer, refusingAddress } from './raw-server.ts';
import { probeTarget } from './probe-target.ts';

const INTERVAL_MS = 1_000;

const settings: HealthMonitorOptions['settings'] = {
  pace: { intervalMs: INTERVAL_MS, fastIntervalMs: INTERVAL_MS, noTrafficIntervalMs: undefined },
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  initialState: 'up',
};

/** A monitor whose probes end when and how the test says. */
function monitored(options: Partial<HealthMonitorOptions> = {}) {
  const running: ProbeEnded[] = [];
  const destroyed = vi.fn();
  const onChange = vi.fn<(healthy: boolean, reason: string) => void>();
  let started = 0;
  const monitor = new HealthMonitor({
    settings,
    turns: new CheckTurns(),
    onChange,
    chance: () => 0.5,
    startProbe: (ended) => {
      started++;
      running.push(ended);
      return { destroy: destroyed };
    },
    ...options,
  });
  onTestFinished(() => monitor.destroy());
  /** Ends the running probe and lets the interval pass until the next one runs. */
  const check = (failure?: string) => {
    running.shift()?.(failure);
    vi.advanceTimersByTime(INTERVAL_MS);
  };
  return { monitor, onChange, running, destroyed, check, started: () => started };
}

describe('a health monitor in its own time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('assumes health and has nothing to tell before the first check has ended', () => {
    const { monitor, started } = monitored();
    expect(started()).toBe(0);
    monitor.start();
    expect(started()).toBe(1);
    expect(monitor.healthy).toBe(true);
    expect(monitor.checked).toBe(false);
    expect(monitor.lastCheckAtMs).toBeUndefined();
    expect(monitor.lastError).toBeUndefined();
    monitor.destroy();
  });

  it('takes a backend out when its very first check fails', () => {
    const { monitor, onChange, check } = monitored();
    monitor.start();
    check('refused');
    expect(monitor.healthy).toBe(false);
    expect(monitor.checked).toBe(true);
    expect(monitor.lastError).toBe('refused');
    expect(monitor.lastCheckAtMs).toBe(1_000_000);
    expect(onChange).toHaveBeenCalledExactlyOnceWith(false, 'refused');
    monitor.destroy();
  });

  it('takes it out only after so many failures in a row once it was seen healthy', () => {
    const { monitor, onChange, check } = monitored();
    monitor.start();
    for (const failure of [undefined, 'a', 'b', undefined, 'c', 'd']) {
      check(failure);
      expect(monitor.healthy).toBe(true);
    }
    expect(onChange).not.toHaveBeenCalled();
    check('e');
    expect(monitor.healthy).toBe(false);
    expect(onChange).toHaveBeenCalledExactlyOnceWith(false, 'e');
    monitor.destroy();
  });

  it('leaves it as it was when checks can not be made for want of our own resources', () => {
    const codes: string[] = [];
    const { monitor, onChange, running, check } = monitored({ onShortage: (code) => codes.push(code) });
    const runOutOfDescriptors = (): void => {
      running.shift()?.('connect EMFILE', 'EMFILE');
      vi.advanceTimersByTime(INTERVAL_MS);
    };
    monitor.start();
    runOutOfDescriptors();
    expect([monitor.healthy, monitor.checked]).toEqual([true, false]);
    check();
    check('refused');
    check('refused');
    for (let times = 0; times < 5; times += 1) runOutOfDescriptors();
    expect([monitor.healthy, monitor.lastError]).toEqual([true, 'refused']);
    // Neither do they end a row of failures.
    check('refused');
    expect(monitor.healthy).toBe(false);
    for (let times = 0; times < 5; times += 1) runOutOfDescriptors();
    expect(monitor.healthy).toBe(false);
    expect(onChange).toHaveBeenCalledOnce();
    expect(codes).toHaveLength(11);
  });

  it('brings it back only after so many successes in a row', () => {
    const { monitor, onChange, check } = monitored();
    monitor.start();
    for (const failure of ['a', undefined, 'b', undefined]) {
      check(failure);
      expect(monitor.healthy).toBe(false);
    }
    check();
    expect(monitor.healthy).toBe(true);
    expect(monitor.lastError).toBeUndefined();
    expect(onChange.mock.calls).toEqual([
      [false, 'a'],
      [true, 'checks passed in a row: 2'],
    ]);
    monitor.destroy();
  });

  it('says nothing while the state stays', () => {
    const { monitor, onChange, check } = monitored();
    monitor.start();
    for (let checks = 0; checks < 10; checks++) check();
    expect(onChange).not.toHaveBeenCalled();
    for (let checks = 0; checks < 10; checks++) check('down');
    expect(onChange).toHaveBeenCalledTimes(1);
    monitor.destroy();
  });

  it('waits for a slow probe instead of starting a second one', () => {
    const { monitor, running, started } = monitored();
    monitor.start();
    vi.advanceTimersByTime(50_000);
    expect(started()).toBe(1);
    running.shift()?.(undefined);
    vi.advanceTimersByTime(1000);
    expect(started()).toBe(2);
    monitor.destroy();
  });

  it('starts once, however often it is asked to, and never after it was closed', () => {
    const { monitor, started } = monitored();
    monitor.start();
    monitor.start();
    expect(started()).toBe(1);
    monitor.destroy();
    const closed = monitored();
    closed.monitor.destroy();
    closed.monitor.start();
    expect(closed.started()).toBe(0);
  });

  it.each([
    [0, 900],
    [0.5, 1000],
    [1 - 2 ** -53, 1100],
  ])('with chance %d checks again after %i ms', (chance, expectedMs) => {
    const { monitor, running, started } = monitored({ chance: () => chance });
    monitor.start();
    running.shift()?.(undefined);
    vi.advanceTimersByTime(INTERVAL_MS);
    running.shift()?.(undefined);
    vi.advanceTimersByTime(expectedMs - 2);
    expect(started()).toBe(2);
    vi.advanceTimersByTime(2);
    expect(started()).toBe(3);
    monitor.destroy();
  });

  it.each([
    [0, 500],
    [0.5, 750],
    [1 - 2 ** -53, 1000],
  ])('with chance %d makes the second check %i ms after the first', (chance, expectedMs) => {
    const { monitor, running, started } = monitored({ chance: () => chance });
    monitor.start();
    running.shift()?.(undefined);
    vi.advanceTimersByTime(expectedMs - 2);
    expect(started()).toBe(1);
    vi.advanceTimersByTime(2);
    expect(started()).toBe(2);
    monitor.destroy();
  });

  it('checks at the fast interval while results speak against the state', () => {
    const fast = { ...settings, pace: { ...settings.pace, fastIntervalMs: 100 } };
    const { monitor, running, started } = monitored({ settings: fast });
    const end = (failure?: string) => running.shift()?.(failure);
    monitor.start();
    end();
    vi.advanceTimersByTime(INTERVAL_MS);
    end('a');
    expect(monitor.progress).toMatchObject({ against: 1, threshold: 3 });
    vi.advanceTimersByTime(100);
    expect(started()).toBe(3);
    end('b');
    vi.advanceTimersByTime(100);
    end('c');
    // The state has changed, so nothing speaks against it.
    expect(monitor.progress).toMatchObject({ against: 0, threshold: 2 });
    vi.advanceTimersByTime(100);
    expect(started()).toBe(4);
    vi.advanceTimersByTime(900);
    expect(started()).toBe(5);
    monitor.destroy();
  });

  it('checks at the interval without traffic until there is some', () => {
    const rare = { ...settings, pace: { ...settings.pace, noTrafficIntervalMs: 60_000 } };
    const { monitor, running, started } = monitored({ settings: rare });
    monitor.start();
    running.shift()?.(undefined);
    vi.advanceTimersByTime(10_000);
    expect(started()).toBe(1);
    monitor.noteTraffic();
    vi.advanceTimersByTime(0);
    expect(started()).toBe(2);
    running.shift()?.(undefined);
    monitor.noteTraffic();
    vi.advanceTimersByTime(INTERVAL_MS);
    expect(started()).toBe(3);
    running.shift()?.(undefined);
    vi.advanceTimersByTime(59_000);
    expect(started()).toBe(3);
    vi.advanceTimersByTime(1_000);
    expect(started()).toBe(4);
    monitor.destroy();
  });

  it('checks a backend that is down at the ordinary interval, although it gets no traffic', () => {
    const rare = { ...settings, pace: { ...settings.pace, noTrafficIntervalMs: 600_000 } };
    const { monitor, running, started } = monitored({ settings: rare });
    monitor.start();
    running.shift()?.('refused');
    expect(monitor.healthy).toBe(false);
    vi.advanceTimersByTime(INTERVAL_MS * 1.2);
    expect(started()).toBe(2);
    monitor.destroy();
  });

  it.each([
    ['up', [true, false]],
    ['fully-up', [true, true, true, false]],
    ['down', [false, false, false, false]],
    ['fully-down', [false, false, false, false]],
  ] as const)('that begins %s follows failures: %j', (initialState, expected) => {
    const { monitor, check } = monitored({ settings: { ...settings, initialState } });
    const seen = [monitor.healthy];
    monitor.start();
    while (seen.length < expected.length) {
      check('refused');
      seen.push(monitor.healthy);
    }
    expect(seen).toEqual(expected);
    monitor.destroy();
  });

  it.each([
    ['down', [false, true]],
    ['fully-down', [false, false, true]],
  ] as const)('that begins %s follows passed checks: %j', (initialState, expected) => {
    const { monitor, check } = monitored({ settings: { ...settings, initialState } });
    const seen = [monitor.healthy];
    monitor.start();
    while (seen.length < expected.length) {
      check();
      seen.push(monitor.healthy);
    }
    expect(seen).toEqual(expected);
    monitor.destroy();
  });

  it('waits for its turn, and gives its place to others when it is destroyed', () => {
    const turns = new CheckTurns(1);
    const first = monitored({ turns });
    const second = monitored({ turns });
    const third = monitored({ turns });
    for (const { monitor } of [first, second, third]) monitor.start();
    expect([first.started(), second.started(), third.started()]).toEqual([1, 0, 0]);
    second.monitor.destroy();
    first.running.shift()?.(undefined);
    expect([second.started(), third.started()]).toEqual([0, 1]);
    third.monitor.destroy();
    vi.advanceTimersByTime(INTERVAL_MS);
    expect(first.started()).toBe(2);
    first.monitor.destroy();
  });

  it('does not check without a pause when the interval is the longest there is', () => {
    const intervalMs = 2 ** 31 - 1;
    const longest = { ...settings, pace: { ...settings.pace, intervalMs } };
    const { monitor, running, started } = monitored({ settings: longest, chance: () => 0.99 });
    monitor.start();
    running.shift()?.(undefined);
    vi.advanceTimersByTime(3_600_000);
    expect(started()).toBe(1);
    monitor.destroy();
  });

  it('gives up the running probe and its timer when it is closed, and stays silent', () => {
    const { monitor, onChange, running, destroyed, started } = monitored();
    monitor.start();
    monitor.destroy();
    expect(destroyed).toHaveBeenCalledOnce();
    running.shift()?.('late');
    vi.advanceTimersByTime(60_000);
    expect(started()).toBe(1);
    expect(onChange).not.toHaveBeenCalled();
    expect(monitor.healthy).toBe(true);
  });

  it('may be closed by the one who hears of a change', () => {
    const { monitor, running, started } = monitored({ onChange: () => monitor.destroy() });
    monitor.start();
    running.shift()?.('down');
    vi.advanceTimersByTime(60_000);
    expect(started()).toBe(1);
  });
});

describe('a health monitor of a real backend', () => {
  const fast = { ...settings, pace: { ...settings.pace, intervalMs: 5, fastIntervalMs: 5 } };
  const connects = { kind: 'tcp', send: undefined, expect: undefined } as const;
  const asks = {
    kind: 'http',
    method: 'GET',
    path: '/',
    host: 'localhost',
    headers: [],
    expectedStatus: [{ from: 200, to: 399 }],
    expectedBody: undefined,
  } as const;
  const turns = new CheckTurns();

  function probing(address: Address, probe: ProbeSettings) {
    return probeStarter(probe, probeTarget(address, 5_000), 'app');
  }

  function nextChange(address: Address, probe: ProbeSettings) {
    const heard: [boolean, string][] = [];
    const waiting: (() => void)[] = [];
    const monitor = new HealthMonitor({
      settings: fast,
      turns,
      startProbe: probing(address, probe),
      onChange: (healthy, reason) => {
        heard.push([healthy, reason]);
        waiting.shift()?.();
      },
    });
    onTestFinished(() => monitor.destroy());
    monitor.start();
    const next = async () => {
      if (heard.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      return heard.shift();
    };
    return { monitor, next };
  }

  it('follows it down and up again over HTTP', async () => {
    let status = 500;
    let requests = 0;
    const backend = await rawServer((socket) => {
      socket.once('data', () => {
        requests++;
        socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`);
      });
    });
    const { monitor, next } = nextChange(backend.address, asks);
    expect(await next()).toEqual([false, expect.stringContaining('with status 500')]);
    expect(requests).toBe(1);
    status = 200;
    expect(await next()).toEqual([true, 'checks passed in a row: 2']);
    expect(monitor.lastError).toBeUndefined();
    status = 503;
    expect(await next()).toEqual([false, expect.stringContaining('with status 503')]);
    monitor.destroy();
    await backend.closed();
  });

  it('checks with plain connections when the type is tcp', async () => {
    const address = await refusingAddress();
    const { monitor, next } = nextChange(address, connects);
    const [healthy, reason] = (await next())!;
    expect(healthy).toBe(false);
    expect(reason).toContain('ECONNREFUSED');
    monitor.destroy();

    const sockets: Socket[] = [];
    const backend = await rawServer((socket) => sockets.push(socket.resume()));
    const onChange = vi.fn();
    const silent = new HealthMonitor({
      startProbe: probing(backend.address, connects),
      settings: fast,
      turns,
      onChange,
    });
    silent.start();
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(2));
    expect(silent.checked).toBe(true);
    expect(onChange).not.toHaveBeenCalled();
    silent.destroy();
    await backend.closed();
  });

  it('leaves no connection when it is closed in the middle of a probe', async () => {
    const backend = await rawServer((socket) => socket.resume());
    const onChange = vi.fn();
    const monitor = new HealthMonitor({
      startProbe: probing(backend.address, asks),
      turns,
      settings,
      onChange,
    });
    monitor.start();
    await once(backend.server, 'connection');
    monitor.destroy();
    await backend.closed();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('leaves no connection when it is closed while it connects', async () => {
    const backend = await rawServer((socket) => socket.resume());
    const monitor = new HealthMonitor({ startProbe: probing(backend.address, asks), turns, settings });
    monitor.start();
    monitor.destroy();
    await backend.closed();
    expect(monitor.checked).toBe(false);
  });
});
