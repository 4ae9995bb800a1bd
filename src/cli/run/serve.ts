import type { App } from '../../app.ts';
import type { ServiceManager } from '../../app/upgrade/service-manager.ts';
import { errorFrom, messageOf } from '../../errors.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import type { CommandContext, ServeContext } from '../process/command-context.ts';
import { exitCode } from '../process/exit-code.ts';
import { watchLauncher } from './launcher.ts';

export interface ServeOptions {
  /**
   * Starts the proxy. What it throws is thrown by {@link serve}.
   *
   * @param stopped aborted when a signal asks for the end before the proxy is up: then the start closes what it opened
   */
  readonly start: (stopped: AbortSignal) => Promise<App>;
  /** Called once the proxy accepts connections. */
  readonly started?: (app: App) => void;
  /** Hears what the process does. Default: nobody does. */
  readonly services?: Pick<ServiceManager, 'ready' | 'reloading' | 'stopping'>;
  /** What SIGHUP does. A terminal that is closed sends it too, so a proxy that runs only for its terminal stops. */
  readonly hangup: 'reload' | 'stop';
}

/**
 * npm passes on the signals that it gets, so Ctrl-C under `npm start` arrives twice: from the terminal and from npm. A signal that
 * comes so soon after the first one does not mean that a person pressed Ctrl-C again.
 */
const ECHO_WINDOW_MS = 250;
/** When all is cut, workers and outputs have this time for the last lines of the log. */
const LAST_WORDS_MS = 1_000;

/**
 * Runs a proxy until SIGTERM, SIGINT or SIGQUIT, then drains it. Resolves with the exit code.
 *
 * While it runs, no stray error ends the process: the error is logged, and everything that it did not touch goes on. A second
 * signal destroys everything and exits within a second. A signal that comes before the proxy is up is not lost. One that asks for the end
 * ends the start; the others have their effect as soon as the proxy is up.
 */
export async function serve(options: ServeOptions, context: ServeContext): Promise<number> {
  const serving = new Serving(options, context);
  const { process: events, earlySignals } = context;
  const handlers = serving.handlers();
  for (const [event, handler] of handlers) events.on(event, handler);
  const stopWatching = watchLauncher(context.env, () => {
    serving.launcherGone();
  });
  try {
    // Only now: a signal in between would find neither these handlers nor those of the first module.
    for (const signal of earlySignals.claim()) handlers.get(signal)?.(signal);
    return await serving.run();
  } finally {
    stopWatching();
    for (const [event, handler] of handlers) events.removeListener(event, handler);
  }
}

type Handler = (...args: readonly unknown[]) => void;

class Serving {
  readonly #options: ServeOptions;
  readonly #context: ServeContext;
  readonly #stopped = new AbortController();
  readonly #stopRequested: Promise<undefined>;
  #app: App | undefined;
  #stopSignal = '';
  #stoppingSince: number | undefined;
  #exitCode: number = exitCode.ok;
  /** What a signal asked for before the proxy was up. */
  #wanted: 'reload' | 'reopen' | undefined;

  constructor(options: ServeOptions, context: ServeContext) {
    this.#options = options;
    this.#context = context;
    this.#stopRequested = new Promise((resolve) => {
      this.#stopped.signal.addEventListener('abort', () => {
        resolve(undefined);
      });
    });
  }

  /** The handler of each event of the process. */
  handlers(): ReadonlyMap<string, Handler> {
    const stop: Handler = (signal) => {
      this.#stop(String(signal));
    };
    const survive: Handler = (thrown) => {
      reportStrayError(thrown, this.#app, this.#context);
    };
    return new Map<string, Handler>([
      ['SIGTERM', stop],
      ['SIGINT', stop],
      ['SIGQUIT', stop],
      ['SIGHUP', (signal) => (this.#options.hangup === 'stop' ? stop(signal) : this.#reload())],
      // Without a handler, Node.js would start its debugger at this signal.
      ['SIGUSR1', () => this.#reopen()],
      // Before the proxy is up there is nothing to replace. Without a handler, the signal would end the process.
      ['SIGUSR2', () => void this.#app?.upgrade.start({ source: 'signal' })],
      ['exit', () => this.#app?.flushLogsNow()],
      // These stand from the start on, because a timer of a plugin may throw before the proxy is up.
      ['uncaughtException', survive],
      ['unhandledRejection', survive],
    ]);
  }

  /** The package manager has ended, so nobody is left who would end this process. */
  launcherGone(): void {
    this.#app?.logger.warn(
      'the package manager that started this proxy has ended, so the proxy ends as well',
    );
    this.#stop('end of the package manager');
  }

  async run(): Promise<number> {
    if (this.#stopped.signal.aborted) return this.#endBeforeStart();
    const starting = this.#options.start(this.#stopped.signal);
    const app = await Promise.race([starting, this.#stopRequested]);
    if (app === undefined) {
      starting.then(
        (late) => {
          late.destroy();
        },
        () => undefined,
      );
      return this.#endBeforeStart();
    }
    this.#app = app;
    this.#options.started?.(app);
    void this.#options.services?.ready();
    if (this.#wanted === 'reload') this.#reload();
    else if (this.#wanted === 'reopen') this.#reopen();
    await Promise.race([this.#stopRequested, app.upgrade.replaced]);
    const { servedBy } = app.upgrade;
    if (servedBy === undefined) {
      app.logger.info('shutting down', { signal: this.#stopSignal });
      void this.#options.services?.stopping();
    }
    await app.close();
    return this.#exitCode;
  }

  #endBeforeStart(): number {
    this.#context.stderr.write(`balance: ${this.#stopSignal} before the proxy was up: it does not start\n`);
    return exitCode.ok;
  }

  #stop(signal: string): void {
    const now = performance.now();
    if (this.#stoppingSince === undefined) {
      this.#stoppingSince = now;
      this.#stopSignal = signal;
      this.#stopped.abort();
    } else if (now - this.#stoppingSince > ECHO_WINDOW_MS) {
      void this.#cut(signal);
    }
  }

  /** Ends the process without waiting for what runs, as soon as the log has what ended before. */
  async #cut(signal: string): Promise<void> {
    const app = this.#app;
    app?.logger.warn('stopped at once: a second signal came, what still ran is cut', { signal });
    app?.destroy();
    this.#exitCode = exitCode.failed;
    const closed = app?.close() ?? Promise.resolve();
    await withTimeout(closed, { limitMs: LAST_WORDS_MS, expired: () => undefined }).catch(() => undefined);
    this.#context.exit(exitCode.failed);
  }

  #reload(): void {
    const app = this.#app;
    if (app === undefined) {
      this.#wanted = 'reload';
      return;
    }
    const { services } = this.#options;
    app.reopenLogs();
    void services?.reloading();
    app
      .reload({ source: 'signal' })
      .catch((thrown: unknown) => {
        app.logger.error('reload failed', { error: messageOf(thrown) });
      })
      .finally(() => void services?.ready());
  }

  #reopen(): void {
    if (this.#app !== undefined) this.#app.reopenLogs();
    else this.#wanted ??= 'reopen';
  }
}

function reportStrayError(thrown: unknown, app: App | undefined, context: CommandContext): void {
  try {
    app?.strayError(thrown);
    if (app !== undefined) return;
  } catch {
    // The log failed. Write to stderr instead.
  }
  const { stack, message } = errorFrom(thrown);
  const detail = stack === undefined || stack === '' ? message : stack;
  context.stderr.write(`balance: unexpected error: ${detail}\n`);
}
