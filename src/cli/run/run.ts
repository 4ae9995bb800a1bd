import type { App } from '../../app.ts';
import { ServiceManager } from '../../app/upgrade/service-manager.ts';
import { Takeover } from '../../app/upgrade/takeover.ts';
import { ActivatedSockets } from '../../app/upgrade/activated-sockets.ts';
import { upgradeRefusal } from '../../app/upgrade/upgrade-refusal.ts';
import type { UpgradeEnvironment } from '../../app/upgrade/upgrade-environment.ts';
import { BalanceError, messageOf } from '../../errors.ts';
import type { SocketInheritance } from '../../net/listen/bind/socket-inheritance.ts';
import { packageVersion } from '../../package-root.ts';
import { healthPlace } from '../health/health-place.ts';
import { HealthSocket } from '../health/health-socket.ts';
import type { ServeContext } from '../process/command-context.ts';
import { ToldFailure } from '../process/exit-code.ts';
import { loadApp } from '../process/load-app.ts';
import { ownCommand } from './own-command.ts';
import { serve } from './serve.ts';

/** `balance run`: the proxy that a config file describes, until a signal ends it. Resolves with the exit code. */
export async function run(configFile: string, context: ServeContext): Promise<number> {
  const running = new Run(configFile, context);
  try {
    return await serve(
      {
        start: (stopped) => running.start(stopped),
        hangup: 'reload',
        services: running.services,
      },
      context,
    );
  } finally {
    running.close();
  }
}

/** A start of the proxy, as the first process or in the place of another one. */
class Run {
  readonly services: ServiceManager;
  readonly #configFile: string;
  readonly #context: ServeContext;
  #health: HealthSocket | undefined;
  #app: App | undefined;

  constructor(configFile: string, context: ServeContext) {
    this.#configFile = configFile;
    this.#context = context;
    this.services = new ServiceManager(context.env, (reason) => {
      this.#app?.logger.warn('the service manager can not be told', { reason });
    });
  }

  /** Resolves once the proxy serves. */
  async start(stopped: AbortSignal): Promise<App> {
    const takeover = await Takeover.join(process, this.#context.env);
    try {
      const sockets = takeover ?? ActivatedSockets.fromEnvironment(this.#context.env, process.pid);
      const app = await this.#startApp(stopped, takeover, sockets);
      await takeover?.serve(packageVersion());
      if (takeover !== undefined) app.upgrade.tookOver(takeover.offer);
      if (sockets instanceof ActivatedSockets) sockets.closeUnclaimed(app.logger);
      return app;
    } catch (error) {
      this.#app?.destroy();
      const isTold = (await takeover?.fail(error)) === true;
      // Of an unforeseen error, the stack is the only clue.
      throw isTold && error instanceof BalanceError ? new ToldFailure(error) : error;
    }
  }

  /** The proxy has ended. */
  close(): void {
    this.#health?.close(this.#app?.upgrade.servedBy !== undefined);
  }

  async #startApp(
    stopped: AbortSignal,
    takeover: Takeover | undefined,
    inheritance: SocketInheritance | undefined,
  ): Promise<App> {
    const { env } = this.#context;
    const upgrades: UpgradeEnvironment = {
      command: ownCommand(process),
      env,
      refusal: upgradeRefusal(process),
      services: this.services,
      offer: takeover?.offer,
      inheritance,
      sockets: () => this.#health?.offers() ?? [],
    };
    const startApp = await loadApp();
    const configFile = this.#configFile;
    const app = await startApp({ configFile, env, version: packageVersion(), stopped, upgrades });
    this.#app = app;
    await this.#openHealthSocket(app, inheritance);
    return app;
  }

  /** A failure is logged, and the proxy runs without the socket. */
  async #openHealthSocket(app: App, inheritance: SocketInheritance | undefined): Promise<void> {
    const place = healthPlace(this.#context.env);
    if (place === undefined) return;
    this.#health = new HealthSocket(place, app, inheritance);
    try {
      await this.#health.listen();
    } catch (error) {
      app.logger.warn('no health socket: balance health and balance upgrade will find no proxy', {
        socket: place.shown,
        error: messageOf(error),
      });
    }
  }
}
