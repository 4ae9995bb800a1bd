import { dialerSettingsOf } from '../../config/sockets/dialer-settings.ts';
import type { HealthCheck, Upstream } from '../../config/schema/config.generated.ts';
import { settingsKey } from '../../net/dial/settings-key.ts';
import { SocketDialer, type DialerParts } from '../../net/dial/socket-dialer.ts';
import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { MemberParts } from './held-member.ts';
import type { BackendCheck, Registry } from './registry.ts';

/** The parts of the process that the members of upstreams are made with. */
export interface MemberSources extends Pick<DialerParts, 'names' | 'buffers' | 'resources'> {
  readonly registry: Registry;
}

/** What the members of an upstream are made with: its dialer, and how its backends are checked. */
export function memberPartsOf(config: Upstream, parts: MemberSources, onFault: FaultHandler): MemberParts {
  return {
    registry: parts.registry,
    dialer: new SocketDialer(dialerSettingsOf(config), {
      names: parts.names,
      buffers: parts.buffers,
      resources: parts.resources,
      onFault,
    }),
    check: checkOf(config),
  };
}

function checkOf({
  health_check: section,
  proxy_protocol: proxyProtocol,
}: Upstream): BackendCheck | undefined {
  if (section?.enabled !== true) return undefined;
  const key = settingsKey<HealthCheck>(section);
  return { section, proxyProtocol, key: `${key} ${proxyProtocol ?? ''}` };
}
