import type { CertificateReading } from '../../../readings/certificate.ts';
import type { CounterReadings } from '../../../readings/counts/counters.ts';
import type { WorkersCounts } from '../../../readings/counts/thread-counts.ts';
import type { KnownNames, ProxyReadings } from '../../../readings/proxy.ts';
import type { ReloadTotals } from '../../../readings/reload.ts';
import type { UpgradeTotals } from '../../../readings/upgrade.ts';
import type { TelemetryReading } from '../../../readings/counts/telemetry.ts';

import type { WorkerReading } from '../../../readings/workers/worker.ts';

/** The live proxy as the metrics see it. */
export interface MetricsSource {
  /** Version of the proxy. */
  readonly version: string;
  /** By `steadyNowMs`. */
  readonly startedAtMs: number;
  /** Cheaper than {@link read}. */
  known(): KnownNames;
  /** The counters of threads beside this one; a part of {@link read}. */
  counts(): Promise<readonly CounterReadings[]>;
  /** Reads everything that a scrape shows, as it is at one moment. The metrics ask again only when the last answer is there. */
  read(): Promise<MetricsReadings>;
}

/** Everything that a scrape shows beside what the metrics count themselves. */
export interface MetricsReadings {
  readonly proxy: ProxyReadings;
  /** What other threads have counted. */
  readonly counts: WorkersCounts;
  /** The threads that serve clients. */
  readonly workers: readonly WorkerReading[];
  /** Whether they end again and again. */
  readonly workersCrash: boolean;
  readonly reloads: ReloadTotals;
  readonly upgrades: UpgradeTotals;
  /** The certificates of the live config. */
  readonly certificates: readonly CertificateReading[];
  readonly telemetry: TelemetryReading;
}
