import type { AdminServers } from '../admin/admin-servers.ts';
import type { NameResolver } from '../net/dns/name-resolver.ts';
import type { SocketInheritance } from '../net/listen/bind/socket-inheritance.ts';
import type { PluginLoader } from '../plugins/plugin-loader.ts';
import type { ProxyControl } from '../runtime/control/proxy-control.ts';
import { ListeningSockets } from '../runtime/reload/listening-sockets.ts';
import type { ReloadParticipant } from '../runtime/reload/reload-participant.ts';
import type { ReloadPipeline } from '../runtime/reload/reload-pipeline.ts';
import { ResolverParticipant } from '../runtime/reload/resolver-participant.ts';
import { HandParticipant } from './parts/hand-participant.ts';
import type { HandStates } from '../upstream/standing/hand-states.ts';
import type { CountersControl } from '../telemetry/control/counters-control.ts';
import { MetricsControl } from '../telemetry/control/metrics-control.ts';
import { CertificateWatch } from './parts/certificate-watch.ts';
import { createAdminServers } from './admin/create-admin-servers.ts';
import { metricsSource } from './metrics-source.ts';
import type { Upgrade } from './upgrade/upgrade.ts';
import type { ThreadParts } from './parts/thread-parts.ts';

/** What supervises the parts that serve clients. */
export interface SupervisorEnvironment {
  readonly version: string;
  /** What serves clients. */
  readonly control: ProxyControl;
  readonly counters: CountersControl;
  /** Follows the `workers` section of the config. */
  readonly settings: ReloadParticipant;
  readonly thread: ThreadParts;
  readonly reloads: ReloadPipeline;
  readonly plugins: PluginLoader;
  readonly names: NameResolver;
  /** What operators have set backends to. */
  readonly hands: HandStates;
  /** Sockets that listen already. */
  readonly inheritance: SocketInheritance | undefined;
  readonly upgrade: Upgrade;
  /** The keys of the session tickets of listeners. */
  readonly ticketKeys: { readonly ageMs: number | undefined };
}

/** What shows the running proxy and follows its config. */
export interface SupervisorParts {
  readonly metrics: MetricsControl;
  readonly admin: AdminServers;
  /** All parts that follow the live config, in the order in which they are prepared and committed. */
  readonly participants: readonly ReloadParticipant[];
  destroy(): void;
}

export function createSupervisorParts(environment: SupervisorEnvironment): SupervisorParts {
  const { control, counters, settings, thread, reloads, names } = environment;
  const { logging, telemetry, telemetryControl } = thread;
  const { logger } = logging;
  const certificates = new CertificateWatch(logger);
  const shown = { ...environment, certificates };
  const source = metricsSource({ ...shown, logging, telemetry, telemetryControl, journal: reloads.journal });
  const metrics = new MetricsControl(counters, source);
  const hands = new HandParticipant(environment.hands, logger, environment.upgrade);
  const admin = createAdminServers({ ...shown, metrics, handshakes: telemetry, logger, hands });
  // Logs come before listeners, so that new listeners log as the config says.
  const participants = [
    new ResolverParticipant(names),
    telemetryControl,
    metrics,
    admin,
    certificates,
    hands,
    settings,
    new ListeningSockets(control.sockets),
  ];
  const destroy = (): void => {
    admin.destroy();
    metrics.destroy();
    certificates.destroy();
  };
  return { metrics, admin, participants, destroy };
}
