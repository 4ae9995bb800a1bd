import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import type { Writable } from 'node:stream';

import { BalanceError, messageOf } from '../../errors.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import { kindOf, OFFER_DESCRIPTOR, type FromNew, type FromOld, type Offer } from './upgrade-messages.ts';

/** How long a process that was told to end may take before it is killed. */
const END_LIMIT_MS = 2_000;
/** A process that was killed is gone within this time, unless the system itself hangs. */
const KILL_LIMIT_MS = 1_000;

export interface SuccessorOptions {
  /** The program and its arguments. A program without a slash is looked up in PATH. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly offer: Offer;
  /** Descriptors that the process gets, beginning with number {@link FIRST_SOCKET}. */
  readonly descriptors: readonly number[];
}

/** Below it are the standard streams, the channel of messages, and the offer. */
export const FIRST_SOCKET = OFFER_DESCRIPTOR + 1;

/** What {@link Successor.ended} resolves with when nothing went wrong. */
export const ENDED_BY_ITSELF = 'it ended with exit code 0';

type Ready = Extract<FromNew, { kind: 'ready' }>;

/** The process that is to take over, as the process sees it that started it. */
export class Successor {
  /** Resolves once it can serve. Rejects with the reason why it never will: it failed, ended, or could not be started. */
  readonly ready: Promise<Ready>;
  /** Resolves once it serves. Rejects as {@link ready} does. */
  readonly serving: Promise<void>;
  /** Resolves once the process has ended, whatever it did before, with what ended it. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  /** Starts the process. Throws when the system refuses that at once. */
  constructor({ command, env, offer, descriptors }: SuccessorOptions) {
    const [program = '', ...args] = command;
    const stdio: StdioOptions = [0, 1, 2, 'ipc', 'pipe', ...descriptors];
    // In a session of its own: Ctrl-C in the terminal of the old process must not end both.
    this.#child = spawn(program, args, { stdio, env, detached: true });
    const offered = this.#child.stdio[OFFER_DESCRIPTOR] as Writable | null | undefined;
    // The program may have ended, or read nothing.
    offered?.on('error', () => undefined).end(JSON.stringify(offer));
    this.ended = this.#whenEnded(program);
    const failed = this.#whenFailed();
    this.ready = Promise.race([this.#message('ready') as Promise<Ready>, failed]);
    this.serving = Promise.race([this.#message('serving').then(() => undefined), failed]);
    for (const promise of [failed, this.ready, this.serving]) promise.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Without effect when the process has ended. */
  send(message: FromOld): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Takes the upgrade back: ends the process, and resolves once it is gone. */
  async destroy(reason: string): Promise<void> {
    this.send({ kind: 'cancel', reason });
    this.#kill('SIGTERM');
    const isGone = await withTimeout(
      this.ended.then(() => true),
      { limitMs: END_LIMIT_MS, expired: () => false },
    );
    if (isGone) return;
    this.#kill('SIGKILL');
    await withTimeout(this.ended, { limitMs: KILL_LIMIT_MS, expired: () => '' });
  }

  /** Also the processes that it has started: the command may be a script that starts the proxy. */
  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended.
    }
  }

  #message(kind: FromNew['kind']): Promise<FromNew> {
    return new Promise((resolve) => {
      this.#child.on('message', (message) => {
        if (kindOf(message) === kind) resolve(message as FromNew);
      });
    });
  }

  #whenEnded(program: string): Promise<string> {
    return new Promise((resolve) => {
      this.#child.once('error', (error) => {
        if (this.#child.pid === undefined) resolve(`${program} can't be started: ${messageOf(error)}`);
      });
      this.#child.once('exit', (code, signal) => {
        resolve(signal === null ? `it ended with exit code ${String(code)}` : `${signal} ended it`);
      });
    });
  }

  /** Never resolves. */
  async #whenFailed(): Promise<never> {
    const said = this.#message('failed').then((message) => ('reason' in message ? message.reason : ''));
    const ended = this.ended.then((how) => `${how} before it served: its stderr may say why`);
    throw new BalanceError('internal', await Promise.race([said, ended]));
  }
}
