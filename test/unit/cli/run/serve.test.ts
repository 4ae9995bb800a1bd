import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App } from '../../../../src/app.ts';
import { serve } from '../../../../src/cli/run/serve.ts';

function fakeProcess() {
  return Object.assign(new EventEmitter(), { exit: vi.fn<(code: number) => void>() });
}

function fakeApp() {
  const logger = {
    debugEnabled: false,
    debug: vi.fn(),
    info: vi.fn(),
    warn: vi.fn(),
    error: vi.fn(),
    child: vi.fn(),
  };
  let drained: () => void = () => undefined;
  const drain = new Promise<void>((resolve) => {
    drained = resolve;
  });
  let replaced: () => void = () => undefined;
  const upgrade = {
    servedBy: undefined as number | undefined,
    start: vi.fn(),
    replaced: new Promise<void>((resolve) => {
      replaced = () => {
        upgrade.servedBy = 7;
        resolve();
      };
    }),
  };
  const app = {
    listeners: new Map([['default', '127.0.0.1:8080']]),
    adminAddresses: [],
    logger,
    upgrade,
    reopenLogs: vi.fn(),
    strayError: vi.fn(),
    reload: vi.fn(async () => ({ ok: true, message: '' })),
    close: vi.fn(() => drain),
    destroy: vi.fn(),
  } as unknown as App;
  return { app, logger, drained, replaced };
}

/** A process without signals of its own; `early` came before anybody listened. */
function contextOf(events: ReturnType<typeof fakeProcess>, early: readonly NodeJS.Signals[] = []) {
  const stderr = new PassThrough({ encoding: 'utf8' });
  const earlySignals = { claim: () => early, restoreDefaults: vi.fn() };
  const { exit } = events;
  return { env: {}, stdout: new PassThrough(), stderr, process: events, earlySignals, exit };
}

/** Starts a served proxy and resolves once it runs. */
async function running(hangup: 'reload' | 'stop' = 'reload') {
  const events = fakeProcess();
  const fake = fakeApp();
  const context = contextOf(events);
  let result: Promise<number> | undefined;
  await new Promise<void>((resolve) => {
    const options = {
      start: async () => fake.app,
      started: () => {
        resolve();
      },
      hangup,
    };
    result = serve(options, context);
  });
  return { ...fake, events, result: result! };
}

describe('serve', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('drains at %s and ends with 0', async (signal) => {
    const { app, drained, events, result } = await running();
    events.emit(signal, signal);
    await vi.waitFor(() => {
      expect(app.close).toHaveBeenCalledOnce();
    });
    drained();
    expect(await result).toBe(0);
    expect(app.destroy).not.toHaveBeenCalled();
  });

  it('destroys everything and exits when a second signal comes', async () => {
    const { app, events } = await running();
    events.emit('SIGTERM', 'SIGTERM');
    vi.advanceTimersByTime(1000);
    events.emit('SIGTERM', 'SIGTERM');
    expect(app.destroy).toHaveBeenCalledOnce();
    // The last lines of the log have some time.
    await vi.advanceTimersByTimeAsync(1000);
    expect(events.exit).toHaveBeenCalledWith(1);
  });

  it('ends with 1 after a second signal, also when all is closed by then', async () => {
    const { drained, events, result } = await running();
    events.emit('SIGTERM', 'SIGTERM');
    vi.advanceTimersByTime(1000);
    events.emit('SIGTERM', 'SIGTERM');
    drained();
    expect(await result).toBe(1);
  });

  it.each(['uncaughtException', 'unhandledRejection'])(
    'goes on after an %s of which nothing can be told',
    async (event) => {
      const { app, events } = await running();
      const thrown: unknown = Object.create(null);
      events.emit(event, thrown);
      expect(app.strayError).toHaveBeenCalledWith(thrown);
    },
  );

  it('takes the echo of a signal, as npm sends it, for the same signal', async () => {
    const { app, events } = await running();
    events.emit('SIGINT', 'SIGINT');
    vi.advanceTimersByTime(20);
    events.emit('SIGINT', 'SIGINT');
    expect(app.destroy).not.toHaveBeenCalled();
    expect(events.exit).not.toHaveBeenCalled();
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('ends the start at %s, and ends with 0', async (signal) => {
    const events = fakeProcess();
    const { app } = fakeApp();
    const context = contextOf(events);
    let finishStart: (app: App) => void = () => undefined;
    let stopped: AbortSignal | undefined;
    const start = (given: AbortSignal) => {
      stopped = given;
      return new Promise<App>((resolve) => {
        finishStart = resolve;
      });
    };
    const result = serve({ start, hangup: 'reload' }, context);
    expect(stopped?.aborted).toBe(false);
    events.emit(signal, signal);
    expect(stopped?.aborted).toBe(true);
    expect(await result).toBe(0);
    expect(context.stderr.read()).toBe(`balance: ${signal} before the proxy was up: it does not start\n`);
    // A start that was over in the same moment leaves nothing behind.
    finishStart(app);
    await vi.waitFor(() => {
      expect(app.destroy).toHaveBeenCalledOnce();
    });
  });

  it('does not even begin to start when the end was asked for before', async () => {
    const start = vi.fn(async () => fakeApp().app);
    expect(await serve({ start, hangup: 'reload' }, contextOf(fakeProcess(), ['SIGTERM']))).toBe(0);
    expect(start).not.toHaveBeenCalled();
  });

  it.each([
    { came: 'SIGHUP', early: true, reloads: 1 },
    { came: 'SIGHUP', early: false, reloads: 1 },
    { came: 'SIGUSR1', early: true, reloads: 0 },
    { came: 'SIGUSR1', early: false, reloads: 0 },
  ] as const)('keeps $came (early: $early) until the proxy is up', async ({ came, early, reloads }) => {
    const events = fakeProcess();
    const { app, drained } = fakeApp();
    let finishStart: (app: App) => void = () => undefined;
    const start = () =>
      new Promise<App>((resolve) => {
        finishStart = resolve;
      });
    const result = serve({ start, hangup: 'reload' }, contextOf(events, early ? [came] : []));
    if (!early) for (let times = 0; times < 3; times += 1) events.emit(came, came);
    finishStart(app);
    await vi.waitFor(() => {
      expect(app.reopenLogs).toHaveBeenCalledOnce();
    });
    expect(app.reload).toHaveBeenCalledTimes(reloads);
    events.emit('SIGTERM', 'SIGTERM');
    drained();
    expect(await result).toBe(0);
  });

  it('lets a new version take over at SIGUSR2', async () => {
    const { app, events } = await running();
    events.emit('SIGUSR2', 'SIGUSR2');
    expect(app.upgrade.start).toHaveBeenCalledWith({ source: 'signal' });
    expect(app.close).not.toHaveBeenCalled();
  });

  it('finishes what runs and ends with 0 when another process serves in its place', async () => {
    const { app, logger, drained, replaced, result } = await running();
    replaced();
    await vi.waitFor(() => {
      expect(app.close).toHaveBeenCalledOnce();
    });
    expect(logger.info).not.toHaveBeenCalledWith('shutting down', expect.anything());
    drained();
    expect(await result).toBe(0);
  });

  it('reads the config again at SIGHUP, or stops where a closed terminal means the end', async () => {
    const daemon = await running('reload');
    daemon.events.emit('SIGHUP', 'SIGHUP');
    expect(daemon.app.reload).toHaveBeenCalledOnce();
    expect(daemon.app.reopenLogs).toHaveBeenCalledOnce();
    expect(daemon.app.close).not.toHaveBeenCalled();

    const demo = await running('stop');
    demo.events.emit('SIGHUP', 'SIGHUP');
    await vi.waitFor(() => {
      expect(demo.app.close).toHaveBeenCalledOnce();
    });
    demo.drained();
    expect(await demo.result).toBe(0);
  });

  it('opens log files anew at SIGUSR1, and nothing else', async () => {
    const { app, events } = await running();
    events.emit('SIGUSR1', 'SIGUSR1');
    expect(app.reopenLogs).toHaveBeenCalledOnce();
    expect(app.reload).not.toHaveBeenCalled();
    expect(app.close).not.toHaveBeenCalled();
  });

  it('logs stray errors and goes on', async () => {
    const { app, events } = await running();
    events.emit('uncaughtException', new Error('stray'));
    events.emit('unhandledRejection', 'text');
    expect(vi.mocked(app.strayError).mock.calls).toEqual([[new Error('stray')], ['text']]);
    expect(app.close).not.toHaveBeenCalled();
    expect(events.exit).not.toHaveBeenCalled();
  });

  it('survives stray errors from the start on', async () => {
    const events = fakeProcess();
    const context = contextOf(events);
    const { stderr } = context;
    const start = async (): Promise<App> => {
      events.emit('uncaughtException', new Error('early bird'));
      throw new Error('in use');
    };
    await expect(serve({ start, hangup: 'reload' }, context)).rejects.toThrow('in use');
    expect(String(stderr.read())).toContain('balance: unexpected error: Error: early bird');
    expect(events.exit).not.toHaveBeenCalled();
  });

  it('throws what the start throws and takes its handlers back', async () => {
    const events = fakeProcess();
    const context = contextOf(events);
    const start = async (): Promise<App> => Promise.reject(new Error('in use'));
    await expect(serve({ start, hangup: 'reload' }, context)).rejects.toThrow('in use');
    expect(events.eventNames()).toEqual([]);
  });
});
