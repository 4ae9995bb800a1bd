import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

/** How long threads may take to end before the process is killed. */
const END_LIMIT_MS = 1_000;
const LOOK_EVERY_MS = 5;
/** Work in Node's pool of threads, by its names in `process.getActiveResourcesInfo()`. */
const POOL_WORK = new Set(['FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap', 'GetNameInfoReqWrap']);

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

  /** @param limitMs how long threads may take to end before the process is killed */
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
    const giveUpAtMs = performance.now() + this.#limitMs;
    while (this.#isHeld && performance.now() < giveUpAtMs) await delay(LOOK_EVERY_MS);
    if (this.#isHeld) this.#kill(code);
    this.#process.exit(code);
  }

  get #isHeld(): boolean {
    return (
      this.#threads.size > 0 || this.#process.getActiveResourcesInfo().some((name) => POOL_WORK.has(name))
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
