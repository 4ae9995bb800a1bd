import { createHook } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

import { isPoolAtWork } from './pool-threads.ts';

/** How long something may hold the process, while nothing else begins, before it is killed. */
const END_LIMIT_MS = 1_000;
/** So many times that long, at most, may it take altogether. */
const LIMITS_ALTOGETHER = 10;
const LOOK_EVERY_MS = 5;
/** Work in Node's pool of threads, by the names of its resources in `node:async_hooks`. */
const POOL_WORK = new Set(['FSREQCALLBACK', 'FSREQPROMISE', 'GETADDRINFOREQWRAP', 'GETNAMEINFOREQWRAP']);

/** The part of `process` that {@link ProcessEnd} needs. */
export type EndedProcess = Pick<
  NodeJS.Process,
  'pid' | 'on' | 'emit' | 'exit' | 'kill' | 'getActiveResourcesInfo' | 'stderr'
>;

/**
 * Ends the process, whatever holds it. `process.exit` waits for all threads: one that waits in a call of the system, for a pipe that
 * nobody writes or a file on a network that is gone, would keep the process for ever.
 */
export class ProcessEnd {
  readonly #process: EndedProcess;
  readonly #threads = new Set<Worker>();
  readonly #limitMs: number;
  #isEnding = false;

  /** @param limitMs how long something may hold the process, while nothing else begins, before it is killed */
  constructor(process: EndedProcess, limitMs = END_LIMIT_MS) {
    this.#process = process;
    this.#limitMs = limitMs;
    process.on('worker', (thread) => {
      this.#threads.add(thread);
      thread.once('exit', () => this.#threads.delete(thread));
    });
  }

  /** Exits with that code as soon as no thread holds the process; one that is held is killed. Only the first call counts. */
  async exit(code: number): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const thread of this.#threads) void thread.terminate();
    await this.#rest();
    if (this.#isHeld) this.#kill(code);
    this.#process.exit(code);
  }

  /**
   * Resolves when nothing holds the process, or when what holds it does not end. A process that still starts reads one module after the
   * other: that is no call that hangs, however slow the machine is.
   */
  async #rest(): Promise<void> {
    const lastMs = performance.now() + LIMITS_ALTOGETHER * this.#limitMs;
    let giveUpAtMs = performance.now() + this.#limitMs;
    const hook = createHook({
      init: (_, type) => {
        if (POOL_WORK.has(type)) giveUpAtMs = performance.now() + this.#limitMs;
      },
    });
    hook.enable();
    while (this.#isHeld && performance.now() < Math.min(giveUpAtMs, lastMs)) await delay(LOOK_EVERY_MS);
    hook.disable();
  }

  get #isHeld(): boolean {
    const names = this.#process.getActiveResourcesInfo();
    return (
      this.#threads.size > 0 || names.some((name) => POOL_WORK.has(name.toUpperCase())) || isPoolAtWork()
    );
  }

  #kill(code: number): void {
    const { pid, stderr } = this.#process;
    // Whoever has last words says them.
    this.#process.emit('exit', code);
    stderr.write('balance: a call of the system holds a thread of this process, so it kills itself\n');
    this.#process.kill(pid, 'SIGKILL');
  }
}
