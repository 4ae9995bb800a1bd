import type { BackendReading } from './upstreams/backend.ts';
import type { CertificateReading } from './certificate.ts';
import type { ThreadCounts, WorkersCounts } from './counts/thread-counts.ts';
import type { DrainingReading, GenerationReading } from './generation.ts';
import type { HostNameReading } from './upstreams/host-name.ts';
import type { ListenerReading, ListenerRoutes } from './listener.ts';
import type {
  OverloadReading,
  PluginsReading,
  ResourcesReading,
  RuntimeWaysReading,
  ShortageOf,
} from './process.ts';
import type { ReloadReading } from './reload.ts';
import type { UpgradesReading } from './upgrade.ts';
import type { TunnelReading } from './tunnel.ts';
import type { QueueReading, UpstreamReading } from './upstreams/upstream.ts';
import type { WorkerReading } from './workers/worker.ts';

/** What runs, at one moment: all that the metrics read of the runtime. */
export interface ProxyReadings {
  /** The live generation and those that drain, newest first. */
  readonly generations: readonly GenerationReading[];
  /** Listeners that are bound, and those that drain. */
  readonly listeners: readonly ListenerReading[];
  /** The routes of each listener of the live config. */
  readonly routes: readonly ListenerRoutes[];
  /** All backends of the live generation and of those that drain. */
  readonly backends: readonly BackendReading[];
  /** The upstreams of the live generation. */
  readonly upstreams: readonly UpstreamReading[];
  /** The queues of the live generation and of those that drain. */
  readonly queues: readonly QueueReading[];
  /** One for each listener and backend that have or had tunnels. */
  readonly tunnels: readonly TunnelReading[];
  /** The host names that are looked up. */
  readonly hostNames: readonly HostNameReading[];
  /** How often each kind of work could not be done for want of resources. */
  readonly shortages: Readonly<Record<ShortageOf, number>>;
  /** Undefined or absent without the section `overload`. */
  readonly overload?: OverloadReading | undefined;
  /** The limit on open files; undefined where it is not known, or there is none. */
  readonly openFilesLimit: number | undefined;
  /** Numbers of the workers that did not answer in time: what they would have said is missing, or is what they said before. */
  readonly unanswered: readonly number[];
}

/** All that a scrape of the metrics reads of what serves clients. */
export interface ScrapeReading {
  readonly proxy: ProxyReadings;
  /** What threads beside the one of the supervisor have counted. */
  readonly counts: WorkersCounts;
}

/** The same of one thread. */
export interface ThreadScrape extends ThreadCounts {
  readonly proxy: ProxyReadings;
}

/** The names that exist now. Counters ask for them when they have many names, to forget those that no longer exist. */
export interface KnownNames {
  readonly backends: readonly string[];
  readonly listeners: readonly string[];
  readonly upstreams: readonly string[];
}

/** What runs, at one moment, as `GET /status` shows it. */
export interface RunningReading {
  /** By `steadyNowMs`. */
  readonly startedAtMs: number;
  /** The live generation; undefined during the start. */
  readonly generation: GenerationReading | undefined;
  /** Newest first. */
  readonly draining: readonly DrainingReading[];
  readonly listeners: readonly ListenerReading[];
  readonly resources: ResourcesReading;
  /** Undefined without the section `overload`. */
  readonly overload: OverloadReading | undefined;
  readonly runtimeWays: RuntimeWaysReading;
  /** Numbers of the workers that did not answer in time: what they would have said is missing. */
  readonly unanswered: readonly number[];
}

/** What `GET /status` shows of the proxy. The route adds what the process knows about itself: memory, CPU, event loop. */
export interface StatusReading extends RunningReading {
  readonly version: string;
  /** Whether new connections are welcome. */
  readonly ready: boolean;
  /** The threads that serve clients. */
  readonly workers: readonly WorkerReading[];
  /** Whether workers end again and again: three of them within ten seconds, and others since. */
  readonly workersCrash: boolean;
  readonly plugins: PluginsReading;
  /** The certificates of the live config. */
  readonly certificates: readonly CertificateReading[];
  /** How long the present key of session tickets has been in use; undefined while no ticket was made. */
  readonly ticketKeyAgeMs: number | undefined;
  /** The last reload, or the start. */
  readonly lastReload: ReloadReading | undefined;
  readonly upgrades: UpgradesReading;
}
