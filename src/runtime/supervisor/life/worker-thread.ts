import { MessageChannel, Worker, type ResourceLimits } from 'node:worker_threads';

import { messageOf, systemCodeOf } from '../../../errors.ts';
import type { WorkerEndReason } from '../../../readings/workers/worker.ts';
import type { Report, SupervisorQuestions } from '../link/messages.ts';
import type { LinkHandlers } from '../link/thread-link.ts';
import { WorkerLink } from '../link/worker-link.ts';
import type { WorkerStart } from './worker-start.ts';

/** Why a thread ended. */
export interface ThreadEnd {
  readonly reason: WorkerEndReason;
  /** The reason in words. */
  readonly message: string;
}

/** How the threads of workers are started. */
export interface ThreadOptions {
  /** The module that a thread runs. */
  readonly entry: URL;
  /** Default: those of the main thread. */
  readonly limits?: ResourceLimits | undefined;
}

/** A running thread of a worker, from its start to its end. */
export class WorkerThread {
  readonly link: WorkerLink;
  readonly startedAtMs = Date.now();
  readonly #startedMs = performance.now();
  /** Resolves when the thread has ended: from then on nothing of it runs. */
  readonly ended: Promise<ThreadEnd>;
  readonly #worker: Worker;
  #end: ThreadEnd | undefined;
  #terminated: Promise<void> | undefined;

  /** Throws when the system starts no further thread; then the ports of `start` are closed. */
  constructor(
    { entry, limits = {} }: ThreadOptions,
    start: Omit<WorkerStart, 'port'>,
    handlers: LinkHandlers<SupervisorQuestions, Report>,
  ) {
    const name = `worker ${start.index + 1}`;
    const { port1, port2 } = new MessageChannel();
    const ports = [port2, ...start.neighbours.map(({ port }) => port)];
    try {
      this.#worker = new Worker(entry, {
        name,
        workerData: { ...start, port: port2 } satisfies WorkerStart,
        transferList: ports,
        resourceLimits: limits,
        ...ownArguments(),
      });
    } catch (error) {
      for (const port of ports) port.close();
      throw error;
    }
    this.link = new WorkerLink(name, port1, handlers);
    this.#worker.on('error', (error) => {
      this.#end ??= endOf(error);
    });
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        const end = (this.#end ??= { reason: 'exit', message: `it ended with exit code ${code}` });
        try {
          this.link.readRest();
        } finally {
          this.link.destroy(end.message);
          resolve(end);
        }
      });
    });
  }

  /** Since its start, whatever happened to the clock of the system. */
  get ageMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Looks at the thread from outside, also while it is blocked. */
  get worker(): Pick<Worker, 'performance' | 'getHeapSnapshot'> {
    return this.#worker;
  }

  /** Ends the thread now, and with it its connections. Resolves when it has ended: a call of the system may hold it for long. */
  destroy(end: ThreadEnd): Promise<void> {
    this.#end ??= end;
    this.link.destroy(end.message);
    this.#terminated ??= this.#worker.terminate().then(() => undefined);
    return this.#terminated;
  }
}

/** Without the flags of a debugger, which belongs to the main thread. All other flags count for workers too. */
function ownArguments(): { execArgv?: string[] } {
  return process.execArgv.some((flag) => flag.startsWith('--inspect')) ? { execArgv: [] } : {};
}

function endOf(error: unknown): ThreadEnd {
  if (systemCodeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY')
    return { reason: 'out_of_memory', message: 'its memory was full' };
  return { reason: 'exception', message: messageOf(error) };
}
