import { BalanceError, messageOf } from '../../errors.ts';
import type { OfferedSocket } from '../../net/listen/bind/socket-inheritance.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { UpgradeReading, UpgradesReading } from '../../readings/upgrade.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import { processState } from './process-state.ts';
import type { ServiceManager } from './service-manager.ts';
import { ENDED_BY_ITSELF, FIRST_SOCKET, Successor } from './successor.ts';
import type { UpgradeHistory } from './upgrade-history.ts';
import { MESSAGES_VERSION, TAKEOVER, type Offer, type Succession } from './upgrade-messages.ts';

/** How long the new version may take from `go` until it serves: it only begins to accept. */
const GO_LIMIT_MS = 5_000;
/** What belongs to this process alone: who starts the new version says it anew. */
const OWN_VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'NODE_CHANNEL_FD'];

export interface UpgradeRequest {
  /** What asked for it. */
  readonly source: 'signal' | 'admin' | 'command';
  /** How long the new version may take until it is ready. Default: `upgrade.timeout` of the config. */
  readonly timeoutMs?: number | undefined;
  /** Hears what happens, line by line. Must not throw. */
  readonly progress?: (line: string) => void;
}

/** The proxy that is to be replaced. */
export interface UpgradeHost {
  readonly version: string;
  readonly logger: Logger;
  /** The settings of the live config; undefined before the first one. */
  settings(): { readonly command?: readonly string[]; readonly timeout: number } | undefined;
  /** Does work while no reload runs: those that are asked for meanwhile wait. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  sockets(): readonly OfferedSocket[];
  succession(): Pick<Succession, 'generation' | 'ticketKeys' | 'hands' | 'sessionKey'>;
  /**
   * Process `pid` serves from now on: this one shows nothing any more and reloads nothing. Returns whether somebody asked for a reload
   * meanwhile.
   */
  handOver(pid: number): boolean;
}

export interface UpgradeOptions {
  readonly host: UpgradeHost;
  /** What starts the new version if the config does not say it: the command that started this one. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Why this process can't be replaced; undefined when it can. */
  readonly refusal: string | undefined;
  readonly history: UpgradeHistory;
  readonly services: ServiceManager;
}

/** Replaces this process by a new version of the proxy: one attempt at a time. A failed one changes nothing. */
export class Upgrade {
  readonly #options: UpgradeOptions;
  readonly #stopped = new AbortController();
  readonly #replaced: Promise<void>;
  #running: Promise<UpgradeReading> | undefined;
  #servedBy: number | undefined;
  #whenReplaced: () => void = () => undefined;

  constructor(options: UpgradeOptions) {
    this.#options = options;
    this.#replaced = new Promise((resolve) => {
      this.#whenReplaced = resolve;
    });
  }

  /** Resolves once another process serves in the place of this one, which then has to finish what runs, and to end. */
  get replaced(): Promise<void> {
    return this.#replaced;
  }

  /** The process that serves in the place of this one; undefined while this one does. */
  get servedBy(): number | undefined {
    return this.#servedBy;
  }

  /** This process serves in the place of the one that made the offer. */
  tookOver({ version, pid, atMs }: Offer): void {
    const { host, history } = this.#options;
    const message = `version ${host.version} took over from version ${version}, pid ${String(pid)}`;
    // The clock may have been set meanwhile.
    const durationMs = Math.max(0, Date.now() - atMs);
    history.record({ ok: true, message, atMs, durationMs, pid: process.pid, version: host.version });
    host.logger.info('this version serves, the one before finishes what runs in it', {
      version: host.version,
      before: version,
      pid_before: pid,
      duration_ms: durationMs,
    });
  }

  /** Whether a new version is about to take over: what is changed here by then may not be there. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get reading(): UpgradesReading {
    return this.#options.history.read(this.#running !== undefined);
  }

  /** Never rejects: the outcome says why nothing changed. */
  async start(request: UpgradeRequest): Promise<UpgradeReading> {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#options.host.logger.warn('upgrade refused', { source: request.source, reason: refusal });
      return { ...failure(Date.now(), refusal), durationMs: 0 };
    }
    this.#running = this.#run(request).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Takes back the upgrade that runs, and begins no other one. Resolves once the new process is gone. */
  async close(): Promise<void> {
    const { version } = this.#options.host;
    // The new version says it too, so it must be true of both.
    const reason = `version ${version}, pid ${String(process.pid)}, which began the upgrade, was told to end`;
    this.#stopped.abort(new BalanceError('shutdown', reason));
    await this.#running;
  }

  #refusal(): string | undefined {
    if (this.#servedBy !== undefined) return `this proxy drains: pid ${String(this.#servedBy)} serves`;
    if (this.#stopped.signal.aborted) return 'this proxy ends';
    return this.#running === undefined ? this.#options.refusal : 'an upgrade runs';
  }

  async #run({ source, timeoutMs, progress = () => undefined }: UpgradeRequest): Promise<UpgradeReading> {
    const { host, command: usual, history } = this.#options;
    const { command = usual, timeout = 0 } = host.settings() ?? {};
    const limitMs = timeoutMs ?? timeout;
    const atMs = Date.now();
    const line = command.join(' ');
    host.logger.info('upgrade begins', { source, command: line });
    progress(`version ${host.version}, pid ${String(process.pid)}, starts ${line}`);
    let outcome: UpgradeReading;
    try {
      outcome = await host.exclusive(() => this.#replace(command, limitMs, atMs, progress));
      host.logger.info('upgrade done: the new version serves, this one finishes what runs', factsOf(outcome));
    } catch (error) {
      outcome = failure(atMs, messageOf(error));
      const facts = { reason: outcome.message, duration_ms: outcome.durationMs };
      if (this.#stopped.signal.aborted) host.logger.warn('upgrade taken back, as this version ends', facts);
      else host.logger.error('upgrade failed, this version goes on', facts);
    }
    history.record(outcome);
    return outcome;
  }

  async #replace(
    command: readonly string[],
    limitMs: number,
    atMs: number,
    progress: (line: string) => void,
  ): Promise<UpgradeReading> {
    const { host, services } = this.#options;
    const { signal } = this.#stopped;
    let successor: Successor | undefined;
    try {
      signal.throwIfAborted();
      const sockets = host.sockets();
      const descriptors = sockets.map(({ fd }) => fd);
      const offer = this.#offer(sockets, atMs);
      successor = new Successor({ command, env: this.#environment(), offer, descriptors });
      const expired = () => {
        throw new BalanceError(
          'internal',
          `the new version was not ready within ${String(limitMs / 1_000)} s`,
        );
      };
      const { version, node, pid } = await withTimeout(successor.ready, { limitMs, expired, signal });
      progress(`version ${version}, pid ${String(pid)}, Node.js ${node}, is ready`);
      successor.send({ kind: 'go' });
      await withTimeout(successor.serving, {
        limitMs: GO_LIMIT_MS,
        expired: () => {
          throw new BalanceError('internal', 'the new version was ready and did not begin to serve');
        },
        signal,
      });
      // Before this process may end: systemd ends the unit together with its main process.
      await services.mainProcess(pid);
      await this.#checkAlive(successor);
      this.#settle(successor, pid);
      const message = `version ${version} serves, pid ${String(pid)}`;
      return { ok: true, message, atMs, durationMs: Date.now() - atMs, pid, version };
    } catch (error) {
      await successor?.destroy(messageOf(error));
      throw error;
    }
  }

  /** Rejects when the new version has ended since it said that it serves. */
  async #checkAlive(successor: Successor): Promise<void> {
    const how = await Promise.race([successor.ended, Promise.resolve(undefined)]);
    if (how === undefined) return;
    await this.#options.services.mainProcess(process.pid);
    throw new BalanceError('internal', `${how} right after it began to serve`);
  }

  /** The new version serves: this one ends when nothing runs in it any more. */
  #settle(successor: Successor, pid: number): void {
    const { host } = this.#options;
    this.#servedBy = pid;
    void successor.ended.then((how) => {
      // One that ends by itself was asked to, or was replaced in its turn.
      const level = how === ENDED_BY_ITSELF ? 'info' : 'error';
      host.logger[level]('the version that took over has ended', { pid, reason: how });
    });
    const isReloadWanted = host.handOver(pid);
    this.#whenReplaced();
    if (!isReloadWanted) return;
    host.logger.info('the reload that was asked for meanwhile is passed on to the new version', { pid });
    try {
      process.kill(pid, 'SIGHUP');
    } catch (error) {
      host.logger.warn('the reload could not be passed on', { pid, error: messageOf(error) });
    }
  }

  #environment(): NodeJS.ProcessEnv {
    const env = { ...this.#options.env, [TAKEOVER]: MESSAGES_VERSION };
    for (const name of OWN_VARIABLES) Reflect.deleteProperty(env, name);
    return env;
  }

  #offer(sockets: readonly OfferedSocket[], atMs: number): Offer {
    const { host, history } = this.#options;
    const { version } = host;
    const { pid } = process;
    const state = processState(pid);
    const startedAt = typeof state === 'string' ? '' : state.startedAt;
    return {
      version,
      pid,
      atMs,
      sockets: sockets.map((socket, index) => ({ ...socket, fd: FIRST_SOCKET + index })),
      succession: {
        ...host.succession(),
        ...history.handOver({ pid, version, startedAt, sinceMs: Date.now() }),
      },
    };
  }
}

function failure(atMs: number, message: string): UpgradeReading {
  return { ok: false, message, atMs, durationMs: Date.now() - atMs, pid: undefined, version: undefined };
}

function factsOf({ pid, version, durationMs }: UpgradeReading) {
  return { pid, version, duration_ms: durationMs };
}
