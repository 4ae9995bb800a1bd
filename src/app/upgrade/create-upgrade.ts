import type { AdminServers } from '../../admin/admin-servers.ts';
import type { RotatingKeyRing } from '../../net/tls/contexts/rotating-key-ring.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { SocketControl } from '../../runtime/control/proxy-control.ts';
import type { ReloadPipeline } from '../../runtime/reload/reload-pipeline.ts';
import type { HandStates } from '../../upstream/standing/hand-states.ts';
import { ServiceManager } from './service-manager.ts';
import { Upgrade } from './upgrade.ts';
import type { UpgradeEnvironment } from './upgrade-environment.ts';
import { UpgradeHistory } from './upgrade-history.ts';

/** What of the proxy has listening sockets. */
export interface RunningProxy {
  readonly control: { readonly sockets: Pick<SocketControl, 'offers'> };
  readonly admin: Pick<AdminServers, 'offers' | 'leave'>;
}

/** The parts of the proxy that is to be replaced. */
export interface ReplacedParts {
  readonly version: string;
  readonly logger: Logger;
  readonly reloads: ReloadPipeline;
  readonly ticketKeys: RotatingKeyRing;
  /** What operators have set backends to. */
  readonly hands: HandStates;
  /** undefined before the first config was loaded. */
  readonly running: () => RunningProxy | undefined;
}

/**
 * @param environment undefined where the process can't be replaced
 * @param reason why it can't. Default: it is another program's
 */
export function createUpgrade(
  parts: ReplacedParts,
  environment: UpgradeEnvironment | undefined,
  reason = UNREPLACED.refusal,
): Upgrade {
  const { version, logger, reloads, ticketKeys, hands, running } = parts;
  const { command, env, refusal, services, offer, sockets } = environment ?? {
    ...UNREPLACED,
    refusal: reason,
  };
  return new Upgrade({
    command,
    env,
    refusal,
    services,
    history: new UpgradeHistory(offer?.succession),
    host: {
      version,
      logger,
      settings: () => reloads.live?.config.upgrade,
      exclusive: (work) => reloads.exclusive(work),
      sockets: () => {
        const { control, admin } = running() ?? {};
        return [...(control?.sockets.offers() ?? []), ...(admin?.offers() ?? []), ...sockets()];
      },
      succession: () => ({
        generation: reloads.generation?.id ?? 0,
        ticketKeys: ticketKeys.export(),
        hands: hands.entries,
        sessionKey: reloads.sessionKey,
      }),
      handOver: (pid) => {
        const isReloadWanted = reloads.isWaiting;
        void reloads.close(`another process serves now, pid ${String(pid)}`);
        void running()?.admin.leave();
        return isReloadWanted;
      },
    },
  });
}

/** Of a proxy that is a part of another program. */
const UNREPLACED: Omit<UpgradeEnvironment, 'inheritance'> = {
  command: [],
  env: {},
  refusal:
    'this proxy is a part of another program, which owns the process: start a new version of that program',
  services: new ServiceManager({}, () => undefined),
  offer: undefined,
  sockets: () => [],
};
