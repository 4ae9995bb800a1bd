import type { CertificateReading } from '../../../readings/certificate.ts';
import type { KnownNames, ProxyReadings } from '../../../readings/proxy.ts';
import type { ReloadTotals } from '../../../readings/reload.ts';
import type { UpgradeTotals } from '../../../readings/upgrade.ts';
import type { TelemetryReading } from '../../../readings/counts/telemetry.ts';

/** The live proxy as the metrics see it. */
export interface MetricsSource {
  /** Version of the proxy. */
  readonly version: string;
  /** ms since 1970. */
  readonly startedAtMs: number;
  /** Cheaper than {@link read}. */
  known(): KnownNames;
  /** Reads everything that a scrape shows, as it is at one moment. The metrics ask again only when the last answer is there. */
  read(): Promise<MetricsReadings>;
}

/** Everything that a scrape shows beside what the metrics count themselves. */
export interface MetricsReadings {
  readonly proxy: ProxyReadings;
  readonly reloads: ReloadTotals;
  readonly upgrades: UpgradeTotals;
  /** The certificates of the live config. */
  readonly certificates: readonly CertificateReading[];
  readonly telemetry: TelemetryReading;
}
