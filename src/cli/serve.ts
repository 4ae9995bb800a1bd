import type { App } from '../app.ts';
import { messageOf } from '../errors.ts';
import type { CommandContext } from './command-context.ts';
import { exitCode } from './exit-code.ts';

export interface ServeOptions {
  /** Starts the proxy. What it throws is thrown by {@link serve}. */
  readonly start: () => Promise<App>;
  /** Called once the proxy accepts connections. */
  readonly started?: (app: App) => void;
  /** What SIGHUP means. A closed terminal sends it too, so what runs only for its terminal stops. */
  readonly hangup: 'reload' | 'stop';
}

/**
 * npm passes on the signals that it gets, so Ctrl-C under `npm start` arrives twice, from the terminal
 * and from npm. What comes so soon after the first signal is no second thought of a human.
 */
const echoWindowMs = 250;

/**
 * Runs a proxy until SIGTERM or SIGINT, then drains it. Resolves with the exit code.
 *
 * While it runs no stray error ends the process: it is logged, and everything that it did not
 * touch goes on. A second signal destroys everything and exits at once.
 */
export async function serve(options: ServeOptions, context: CommandContext): Promise<number> {
  const events = context.process;
  let app: App | undefined;
  let stoppingSince: number | undefined;
  let requestStop: (signal: string) => void = () => undefined;
  const stopRequested = new Promise<string>((resolve) => {
    requestStop = resolve;
  });

  const stop = (signal: unknown): void => {
    const now = performance.now();
    if (stoppingSince === undefined) {
      stoppingSince = now;
      requestStop(String(signal));
    } else if (now - stoppingSince > echoWindowMs) {
      app?.destroy();
      events.exit(exitCode.failed);
    }
  };
  const hangUp = (signal: unknown): void => {
    if (options.hangup === 'stop') stop(signal);
    else if (app !== undefined) {
      app.reopenLogs();
      reload(app);
    }
  };
  // Without a handler the runtime would start its debugger at this signal.
  const reopen = (): void => {
    app?.reopenLogs();
  };
  const leave = (): void => {
    app?.flushLogsNow();
  };
  const survive = (thrown: unknown): void => {
    reportStrayError(thrown, app, context);
  };
  const handlers = { SIGTERM: stop, SIGINT: stop, SIGHUP: hangUp, SIGUSR1: reopen, exit: leave };

  for (const [event, handler] of Object.entries(handlers)) events.on(event, handler);
  // From the start on: a plugin may leave a timer behind that throws before the proxy is up.
  events.on('uncaughtException', survive);
  events.on('unhandledRejection', survive);
  try {
    app = await options.start();
    options.started?.(app);
    const signal = await stopRequested;
    app.logger.info('shutting down', { signal });
    await app.close();
    return exitCode.ok;
  } finally {
    for (const [event, handler] of Object.entries(handlers)) events.removeListener(event, handler);
    events.removeListener('uncaughtException', survive);
    events.removeListener('unhandledRejection', survive);
  }
}

function reload(app: App): void {
  app.reload({ source: 'signal' }).catch((thrown: unknown) => {
    app.logger.error('reload failed', { error: messageOf(thrown) });
  });
}

function reportStrayError(thrown: unknown, app: App | undefined, context: CommandContext): void {
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  try {
    app?.logger.error('unexpected error; the proxy goes on', { error: detail });
    if (app !== undefined) return;
  } catch {
    // Then as if there were no log.
  }
  context.stderr.write(`balance: unexpected error: ${detail}\n`);
}
