import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App } from '../../../src/app.ts';
import { serve } from '../../../src/cli/serve.ts';

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
  const app = {
    listeners: new Map([['default', '127.0.0.1:8080']]),
    adminAddresses: [],
    logger,
    reopenLogs: vi.fn(),
    reload: vi.fn(async () => ({ ok: true, message: '' })),
    close: vi.fn(() => drain),
    destroy: vi.fn(),
  } as unknown as App;
  return { app, logger, drained };
}

/** Starts a served proxy and resolves once it runs. */
async function running(hangup: 'reload' | 'stop' = 'reload') {
  const events = fakeProcess();
  const fake = fakeApp();
  const context = { env: {}, stdout: new PassThrough(), stderr: new PassThrough(), process: events };
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

  it.each(['SIGTERM', 'SIGINT'])('drains at %s and ends with 0', async (signal) => {
    const { app, drained, events, result } = await running();
    events.emit(signal, signal);
    await vi.waitFor(() => {
      expect(app.close).toHaveBeenCalledOnce();
    });
    drained();
    expect(await result).toBe(0);
    expect(app.destroy).not.toHaveBeenCalled();
  });

  it('destroys everything and exits at once when a second signal comes', async () => {
    const { app, events } = await running();
    events.emit('SIGTERM', 'SIGTERM');
    vi.advanceTimersByTime(1000);
    events.emit('SIGTERM', 'SIGTERM');
    expect(app.destroy).toHaveBeenCalledOnce();
    expect(events.exit).toHaveBeenCalledWith(1);
  });

  it('takes the echo of a signal, as npm sends it, for the same signal', async () => {
    const { app, events } = await running();
    events.emit('SIGINT', 'SIGINT');
    vi.advanceTimersByTime(20);
    events.emit('SIGINT', 'SIGINT');
    expect(app.destroy).not.toHaveBeenCalled();
    expect(events.exit).not.toHaveBeenCalled();
  });

  it('stops after the start when the signal came during the start', async () => {
    const events = fakeProcess();
    const { app, drained } = fakeApp();
    let finishStart: (app: App) => void = () => undefined;
    const start = () =>
      new Promise<App>((resolve) => {
        finishStart = resolve;
      });
    const context = { env: {}, stdout: new PassThrough(), stderr: new PassThrough(), process: events };
    const result = serve({ start, hangup: 'reload' }, context);
    events.emit('SIGTERM', 'SIGTERM');
    finishStart(app);
    drained();
    expect(await result).toBe(0);
    expect(app.close).toHaveBeenCalledOnce();
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
    const { app, logger, events } = await running();
    events.emit('uncaughtException', new Error('stray'));
    events.emit('unhandledRejection', 'text');
    expect(logger.error).toHaveBeenCalledTimes(2);
    expect(JSON.stringify(logger.error.mock.calls)).toContain('stray');
    expect(app.close).not.toHaveBeenCalled();
    expect(events.exit).not.toHaveBeenCalled();
  });

  it('survives stray errors from the start on', async () => {
    const events = fakeProcess();
    const stderr = new PassThrough();
    const context = { env: {}, stdout: new PassThrough(), stderr, process: events };
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
    const context = { env: {}, stdout: new PassThrough(), stderr: new PassThrough(), process: events };
    const start = async (): Promise<App> => Promise.reject(new Error('in use'));
    await expect(serve({ start, hangup: 'reload' }, context)).rejects.toThrow('in use');
    expect(events.eventNames()).toEqual([]);
  });
});
