import { execFile } from 'node:child_process';

/** More than systemd-notify ever needs; it waits until systemd has read what it sends. */
const LIMIT_MS = 5_000;
const PROGRAM = 'systemd-notify';

/**
 * Tells systemd what this process does, for units with `Type=notify` and `NotifyAccess=all`. Node.js can't send datagrams to unix
 * sockets, so the program systemd-notify does it. Without `NOTIFY_SOCKET` in the environment nobody wants to know, and nothing is started.
 */
export class ServiceManager {
  readonly #env: NodeJS.ProcessEnv;
  readonly #failed: (reason: string) => void;
  /** Messages go out one after the other: `ready` must not overtake `reloading`. */
  #sent: Promise<void> = Promise.resolve();

  /** @param failed hears why a message could not be sent */
  constructor(env: NodeJS.ProcessEnv, failed: (reason: string) => void) {
    this.#env = env;
    this.#failed = failed;
  }

  /** The proxy serves. Also the end of {@link reloading}. */
  ready(): Promise<void> {
    return this.#notify('READY=1');
  }

  reloading(): Promise<void> {
    // Older versions of systemd-notify have no option for it. Source of the second field: sd_notify(3).
    const nowUs = process.hrtime.bigint() / 1_000n;
    return this.#notify('RELOADING=1', `MONOTONIC_USEC=${String(nowUs)}`);
  }

  stopping(): Promise<void> {
    return this.#notify('STOPPING=1');
  }

  /** From now on that process is the one that the unit lives and dies with. */
  mainProcess(pid: number): Promise<void> {
    return this.#notify(`MAINPID=${String(pid)}`);
  }

  #notify(...fields: readonly string[]): Promise<void> {
    const socket = this.#env['NOTIFY_SOCKET'];
    if (socket === undefined || socket === '') return Promise.resolve();
    this.#sent = this.#sent.then(() => this.#run(fields));
    return this.#sent;
  }

  #run(fields: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      execFile(PROGRAM, fields, { env: this.#env, timeout: LIMIT_MS }, (error) => {
        if (error !== null) this.#failed(`${PROGRAM} ${fields.join(' ')}: ${error.message.trim()}`);
        resolve();
      });
    });
  }
}
