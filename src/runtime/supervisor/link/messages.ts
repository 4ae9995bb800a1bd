import type { Profiler } from 'node:inspector';
import type { MessagePort } from 'node:worker_threads';

import type { GrantedSocket } from '../../../net/share/granted-socket.ts';
import type { HealthReport, MetricsPage, MetricsPageRequest } from '../../../plugin-api/index.ts';
import type { Address } from '../../../config/values/address.ts';
import type { BackendsReading, PoolsReading } from '../../../readings/upstreams/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../../readings/connection.ts';
import type { KnownNames, RunningReading, ThreadScrape } from '../../../readings/proxy.ts';
import type { ShortageCounts } from '../../../readings/process.ts';
import type { SlotGrant } from '../../../shared/slot-table.ts';
import type { DrainRest } from '../../control/drain-watch.ts';
import type { GenerationSource } from '../../control/proxy-control.ts';
import type { ExplainQuestion } from '../../explain/explain-question.ts';
import type { Explanation } from '../../explain/explanation.ts';
import type { CountedTraffic } from '../../../readings/traffic.ts';
import type { LogReport, LogTaken } from '../../../readings/workers/worker-log.ts';
import type { ValuePart } from './sliced-value.ts';
import type { FeedReport, FeedTold, LookedUp } from '../../feeds/feed-messages.ts';
import type { Question } from './thread-messages.ts';

/**
 * What the supervisor asks of a worker, by kind. Each question gets one answer or one refusal. All of it is plain data: it crosses from one
 * thread to another as a copy.
 */
export interface WorkerQuestions {
  /** Whether the worker's event loop turns. */
  readonly ping: Question<object, void>;
  /** A part of a source that is too large for one message: it follows those that were sent before. */
  readonly 'source-part': Question<{ readonly generation: number; readonly part: ValuePart }, void>;
  /** As `ProxyControl.prepare`. Without a source: with the one that came in parts. */
  readonly prepare: Question<
    { readonly generation: number; readonly source?: GenerationSource; readonly slots: GrantedSlots },
    void
  >;
  /**
   * As `SocketControl.bind`, with descriptors of `sockets`, which come by the descriptor channel. The addresses that are not among them are
   * bound by {@link listen}.
   */
  readonly bind: Question<
    {
      readonly generation: number;
      readonly leaving: readonly Address[];
      readonly sockets: readonly GrantedSocket[];
    },
    void
  >;
  /** As `SocketControl.listen`, with a descriptor that comes by the descriptor channel. */
  readonly listen: Question<{ readonly generation: number; readonly socket: GrantedSocket }, void>;
  /** As `SocketControl.release`. */
  readonly release: Question<{ readonly generation: number; readonly address: Address }, void>;
  /** As `SocketControl.suspend`: the worker has no descriptor of the socket any more. */
  readonly suspend: Question<{ readonly address: Address }, void>;
  /** As `SocketControl.resume`, with a descriptor that comes by the descriptor channel. */
  readonly resume: Question<{ readonly address: Address }, void>;
  /** As `ProxyControl.commit`. */
  readonly commit: Question<{ readonly generation: number }, SwapReading>;
  /** As `ProxyControl.abort`. */
  readonly abort: Question<{ readonly generation: number }, void>;
  /** Everything that a scrape of the metrics shows. `kept`: names that another worker may still show, so that the counts of these must stay. */
  readonly readings: Question<{ readonly kept: KnownNames }, ThreadScrape>;
  /** Records a CPU profile of the worker's thread. Ends early when nobody waits for it any more. */
  readonly profile: Question<{ readonly durationMs: number }, Profiler.Profile>;
  readonly running: Question<object, RunningReading>;
  readonly backends: Question<object, BackendsReading>;
  readonly pools: Question<object, PoolsReading>;
  readonly health: Question<object, HealthReport>;
  readonly connections: Question<{ readonly query: ConnectionsQuery }, ConnectionsReading>;
  readonly explain: Question<{ readonly question: ExplainQuestion }, Explanation | undefined>;
  /** Accepts nothing more. The answer comes when everything that runs has finished, or was cut, and all lines are written. */
  readonly finish: Question<object, void>;
  /** What `finish` waits for. */
  readonly 'drain-rests': Question<object, readonly DrainRest[]>;
  /** Ends all connections now. */
  readonly cut: Question<object, void>;
}

/** What a worker asks of the supervisor, by kind. */
export interface SupervisorQuestions {
  /** The page of all metrics, for a listener that the config makes a metrics server. */
  readonly 'metrics-page': Question<{ readonly request: MetricsPageRequest }, MetricsPage>;
  /** The addresses of a host name that the worker does not watch, or that fails. */
  readonly 'look-up': Question<{ readonly host: string }, LookedUp>;
}

/** The shared words of a generation. */
export interface GrantedSlots {
  readonly grant: SlotGrant;
  /** All pages that there are. */
  readonly pages: readonly SharedArrayBuffer[];
  /** By key: the memory of its tables, as of `SharedTables`. */
  readonly tables: ReadonlyMap<string, SharedArrayBuffer>;
}

/** When a worker swapped generations. */
export interface SwapReading {
  /** By `process.hrtime`, which all threads share; in ms with fractions. */
  readonly swappedAtMs: number;
}

/** What the supervisor tells a worker, without an answer. */
export type Told =
  /** What the worker watches has changed. */
  | FeedTold
  /** The thread of another worker has started: wakes between the two go over this port. */
  | { readonly kind: 'neighbour'; readonly worker: number; readonly port: MessagePort }
  | LogTaken
  /** The worker ends when what it has begun to say is said. */
  | { readonly kind: 'stop-work' };

/** What a worker reports by itself. */
export type Report =
  | LogReport
  /** What the worker watches. */
  | FeedReport
  /** Work that the worker could not do for lack of a resource, since it last said so. */
  | { readonly kind: 'shortage'; readonly code: string; readonly counts: ShortageCounts }
  /** What ended in the worker since it last said so. */
  | { readonly kind: 'traffic'; readonly traffic: CountedTraffic }
  /** Descriptors of a socket that the worker needs beside those that it has. */
  | { readonly kind: 'need'; readonly socket: number; readonly count: number };
