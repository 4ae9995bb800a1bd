import type { LiveConfigReading } from '../../admin/routes/config-route.ts';
import type { PluginLoader } from '../../plugins/plugin-loader.ts';
import type { StatusReading } from '../../readings/proxy.ts';
import type { ProxyControl } from '../../runtime/control/proxy-control.ts';
import type { ReloadPipeline } from '../../runtime/reload/reload-pipeline.ts';
import type { CertificateWatch } from '../parts/certificate-watch.ts';
import type { Upgrade } from '../upgrade/upgrade.ts';

/** The parts whose readings the admin server puts together. */
export interface ShownParts {
  readonly version: string;
  readonly control: ProxyControl;
  readonly reloads: ReloadPipeline;
  readonly upgrade: Upgrade;
  readonly plugins: PluginLoader;
  readonly certificates: CertificateWatch;
  /** The keys of the session tickets of listeners. */
  readonly ticketKeys: { readonly ageMs: number | undefined };
}

/** What `GET /status` shows. What the supervisor itself knows is read in the turn in which the running parts are asked. */
export async function statusReading({
  version,
  control,
  reloads,
  upgrade,
  plugins,
  certificates,
  ticketKeys,
}: ShownParts): Promise<StatusReading> {
  const own = {
    version,
    ready: reloads.ready,
    workersCrash: control.workersCrash,
    certificates: certificates.certificates,
    ticketKeyAgeMs: ticketKeys.ageMs,
    plugins: {
      loaded: [...plugins.live].map(({ name, origin }) => ({ name, file: origin.file, hash: origin.hash })),
      failures: plugins.failures,
      ignored: plugins.ignored,
      importedStates: plugins.importedStates,
    },
    lastReload: reloads.journal.last,
    upgrades: upgrade.reading,
  };
  const running = await control.running();
  // Workers that answered have just written down how they are.
  return { ...running, ...own, workers: control.workers() };
}

/** What `GET /config` shows; undefined while no config is live. */
export async function liveConfigReading({
  control,
  reloads,
}: ShownParts): Promise<LiveConfigReading | undefined> {
  const { live } = reloads;
  const source = reloads.journal.lastSuccess?.source ?? 'start';
  const { generation } = await control.running();
  if (generation === undefined || live === undefined) return undefined;
  return {
    config: live.config,
    generation: generation.id,
    hash: generation.hash,
    files: live.sources.files.map(({ file, role, hash }) => ({ file, role, hash })),
    loadedAtMs: generation.loadedAtMs,
    source,
  };
}
