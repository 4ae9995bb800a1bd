import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { owned } from '../owned.ts';

/** A real application in a process of its own, which can be killed and comes back at the same address. It ends with the test. */
export class Application {
  readonly name: string;
  readonly #program: string;
  #process: ChildProcessWithoutNullStreams | undefined;
  #port = 0;

  private constructor(name: string, program: string) {
    this.name = name;
    this.#program = fileURLToPath(new URL(program, import.meta.url));
  }

  /** @param program the file beside this one that it runs */
  static async start(
    name: string,
    program: 'session-application.mjs' | 'socket-application.mjs',
  ): Promise<Application> {
    const application = owned(new Application(name, program));
    await application.revive();
    return application;
  }

  get address(): string {
    return `127.0.0.1:${String(this.#port)}`;
  }

  /** Resolves when it listens. */
  async revive(): Promise<void> {
    const child = spawn(process.execPath, [this.#program, this.name, String(this.#port)]);
    this.#process = child;
    child.stderr.pipe(process.stderr, { end: false });
    const listening = once(child.stdout, 'data').then(([port]) => Number(String(port)));
    const ended = once(child, 'exit').then(() => Number.NaN);
    this.#port = await Promise.race([listening, ended]);
    if (Number.isNaN(this.#port)) throw new Error(`the application ${this.name} did not start`);
  }

  /** Ends it at once, with all that it remembers. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  close(): Promise<void> {
    return this.kill();
  }
}
