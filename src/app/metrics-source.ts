import type { PluginLoader } from '../plugins/plugin-loader.ts';
import type { ProxyControl } from '../runtime/control/proxy-control.ts';
import { mergeTelemetry } from '../runtime/supervisor/merge/merge-telemetry.ts';
import type { ReloadJournal } from '../runtime/reload/outcome/reload-journal.ts';
import type { TelemetryControl } from '../telemetry/control/telemetry-control.ts';
import type { Logging } from '../telemetry/logs/logging.ts';
import type { MetricsSource } from '../telemetry/metrics/snapshot/metrics-source.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CertificateWatch } from './parts/certificate-watch.ts';
import type { Upgrade } from './upgrade/upgrade.ts';

/** The parts whose readings the metrics put together. */
export interface MeteredParts {
  readonly version: string;
  readonly control: ProxyControl;
  readonly journal: ReloadJournal;
  readonly upgrade: Upgrade;
  readonly telemetry: Telemetry;
  readonly telemetryControl: TelemetryControl;
  readonly logging: Logging;
  readonly plugins: PluginLoader;
  readonly certificates: CertificateWatch;
}

/** What the metrics read at each scrape. What the supervisor itself knows is read in the turn in which the moving parts are asked. */
export function metricsSource(parts: MeteredParts): MetricsSource {
  const { version, control, journal, upgrade, telemetry, telemetryControl, logging, plugins, certificates } =
    parts;
  return {
    version,
    startedAtMs: control.startedAtMs,
    known: () => control.known(),
    counts: () => control.counts(),
    read: async () => {
      const own = {
        reloads: journal.totals(),
        upgrades: upgrade.reading,
        certificates: certificates.certificates,
        workersCrash: control.workersCrash,
      };
      const telemetryHere = {
        spans: { ...telemetryControl.spans },
        droppedLogLines: logging.droppedLines,
        pluginFailures: pluginFailures(plugins, telemetry),
        subscriberFailures: telemetry.failures,
      };
      const { proxy, counts } = await control.readings();
      return {
        proxy,
        counts,
        ...own,
        // Workers that answered have just written down how they are.
        workers: control.workers(),
        telemetry: mergeTelemetry([telemetryHere, ...counts.telemetry]),
      };
    },
  };
}

/** A plugin that never failed is shown with 0: a rate does not see the first failure in a series that begins with it. */
function pluginFailures(plugins: PluginLoader, telemetry: Telemetry) {
  const loaded = [...plugins.live].map(({ name }) => [name, 0] as const);
  const counts = new Map([...loaded, ...telemetry.pluginFailures]);
  return Array.from(counts, ([plugin, count]) => ({ plugin, count }));
}
