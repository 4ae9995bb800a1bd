import { MessageChannel } from 'node:worker_threads';

import type { DescriptorHub } from '../../../net/node/descriptors/descriptor-hub.ts';
import type { MetricsPage, MetricsPageRequest } from '../../../plugin-api/index.ts';
import type { LogReport, LogTaken } from '../../../readings/workers/worker-log.ts';
import type { FeedReport } from '../../feeds/feed-messages.ts';
import type { WorkerFeeds } from '../../feeds/worker-feeds.ts';
import type { Report } from '../link/messages.ts';
import { memoryOfRates } from '../../../net/tls/protection/shared-address-rates.ts';
import type { Neighbour } from './worker-start.ts';
import { WorkerThread, type ThreadOptions } from './worker-thread.ts';

/** Numbers of readings of one thread are below this, so that those of different threads differ. */
const READINGS_A_THREAD = 2 ** 32;
const THREADS_A_WORKER = 2 ** 8;

/** Writes the log of one thread. */
export interface LogInput {
  heard(report: LogReport): void;
  /** The thread has ended. What it said before is still written. */
  destroy(): void;
}

/** What all threads of workers are started with. */
export interface StarterOptions {
  /** How many workers. */
  readonly workers: number;
  readonly threads: ThreadOptions;
  /** As `ProxyIds.proxyId`. */
  readonly proxyId: string;
  /** As `WorkerStart.instanceId`. */
  readonly instanceId: string;
  /** The folder that relative names of log files start from. */
  readonly directory: string;
  /** Makes what writes the log of a thread. */
  readonly logInput: (say: (told: LogTaken) => void) => LogInput;
  /** Sends descriptors to the workers. */
  readonly hub: DescriptorHub;
  /** What is found out once for all workers. */
  readonly feeds: WorkerFeeds;
  /** Makes the page of a listener that is a metrics server. */
  readonly metricsPage: (request: MetricsPageRequest) => Promise<MetricsPage>;
}

/** Hears of what a worker reports, its log and what it watches aside. */
export type ReportHandler = (index: number, report: Exclude<Report, LogReport | FeedReport>) => void;

/** Starts the threads of workers, and connects them with each other. */
export class ThreadStarter {
  readonly #options: StarterOptions;
  readonly #words: SharedArrayBuffer;
  readonly #addressRates = memoryOfRates();
  readonly #heard: ReportHandler;
  /** The last thread of each worker. */
  readonly #threads = new Map<number, WorkerThread>();

  /** @param words the memory of `WorkerWords` */
  constructor(options: StarterOptions, words: SharedArrayBuffer, heard: ReportHandler) {
    this.#options = options;
    this.#words = words;
    this.#heard = heard;
  }

  /**
   * Throws when the system starts no further thread.
   *
   * @param incarnation how many threads the worker had before
   */
  start(index: number, incarnation: number): WorkerThread {
    const { workers, logInput, threads, hub, feeds, proxyId, instanceId, directory, metricsPage } =
      this.#options;
    const thread = index * THREADS_A_WORKER + (incarnation % THREADS_A_WORKER) + 1;
    const start = {
      index,
      workers,
      proxyId,
      instanceId,
      directory,
      neighbours: this.#meetNeighbours(index),
      invited: hub.invite(index),
      lastReadingId: thread * READINGS_A_THREAD,
      ticketKeys: feeds.ticketKeys,
      refusedTickets: feeds.refusedTickets,
      addressRates: this.#addressRates,
      words: this.#words,
    };
    const log = logInput((told) => {
      made.link.say(told);
    });
    const made = new WorkerThread(threads, start, {
      answers: {
        'metrics-page': ({ request }) => metricsPage(request),
        'look-up': ({ host }, signal) => feeds.lookUp(host, signal),
      },
      heard: (report) => {
        if (report.kind === 'watch') feed.take(report);
        else if (report.kind === 'log-open' || report.kind === 'log-lines' || report.kind === 'log-close')
          log.heard(report);
        else this.#heard(index, report);
      },
    });
    const feed = feeds.join((told) => {
      made.link.say(told);
    });
    this.#threads.set(index, made);
    void made.ended.then(() => {
      log.destroy();
      feeds.leave(feed);
      if (this.#threads.get(index) !== made) return;
      this.#threads.delete(index);
      hub.release(index);
    });
    return made;
  }

  /** Connects a thread that starts with those that run, so that they can wake each other. */
  #meetNeighbours(index: number): readonly Neighbour[] {
    const others = [...this.#threads].filter(([other]) => other !== index);
    return others.map(([other, thread]) => {
      const { port1, port2 } = new MessageChannel();
      thread.link.say({ kind: 'neighbour', worker: index, port: port1 }, [port1]);
      return { worker: other, port: port2 };
    });
  }
}
