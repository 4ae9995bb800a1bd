import type { ConfigFiles } from '../../config/files/config-files.ts';
import type { AgentCheck, HealthCheck, Upstream } from '../../config/schema/config.generated.ts';
import { dialerSettingsOf, type DialerSettings } from '../../config/sockets/dialer-settings.ts';
import { DEFAULT_TLS_SETTINGS, type BackendTlsSettings } from '../../config/sockets/tls-settings.ts';
import { BalanceError, messageOf } from '../../errors.ts';
import type { ActiveCheck, BackendCheck, CheckTls } from '../../health/watch/health-feed.ts';
import { TIMED_ALGORITHMS } from '../../config/values/algorithm.ts';
import { settingsKey } from '../../net/dial/settings-key.ts';
import { SocketDialer, type DialerParts } from '../../net/dial/socket-dialer.ts';
import { backendTlsFiles, type BackendContext } from '../../net/dial/tls/backend-context.ts';
import { TlsDialer } from '../../net/dial/tls/tls-dialer.ts';
import type { FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { HandshakeObserver } from '../../readings/handshake.ts';
import type { MemberParts } from './held-member.ts';
import type { Ref } from '../../net/resources/ref-counted-map.ts';
import type { Registry } from './registry.ts';
import { adaptiveRulesOf, breakerRulesOf, passiveRulesOf } from './standing-rules.ts';

/** The parts of the process that the members of upstreams are made with. */
export interface MemberSources extends Pick<DialerParts, 'names' | 'buffers' | 'resources'> {
  readonly registry: Registry;
  readonly telemetry: Partial<HandshakeObserver>;
}

/** What the members of an upstream are made with, and what to release after the last of them. */
export interface UpstreamMemberParts extends MemberParts {
  readonly context: Ref<BackendContext> | undefined;
}

/**
 * What the members of an upstream are made with: its dialer, and how its backends are checked.
 *
 * @param files the files of the config, as the load has read them
 * @throws BalanceError when TLS can't work with the files or settings
 */
export function memberPartsOf(
  config: Upstream,
  parts: MemberSources,
  files: ConfigFiles,
  onFault: FaultHandler,
): UpstreamMemberParts {
  const { registry, names, buffers, resources } = parts;
  const { algorithm } = config.load_balancer;
  const settings = dialerSettingsOf(config, (file) => files.hash(file));
  const context = contextOf(config, settings, registry, files);
  const dialerParts = { names, buffers, resources, onFault };
  return {
    registry,
    dialer:
      settings.tls === undefined || context === undefined
        ? new SocketDialer(settings, dialerParts)
        : new TlsDialer(settings, {
            ...dialerParts,
            context: context.value,
            upstream: config.name,
            observer: parts.telemetry,
          }),
    upstream: config.name,
    check: checkOf(config, settings.tls, files),
    passive: passiveRulesOf(config),
    breaker: breakerRulesOf(config),
    adaptive: adaptiveRulesOf(config, registry.workers),
    times: TIMED_ALGORITHMS.has(algorithm) ? { followsPeaks: algorithm === 'peak-ewma' } : undefined,
    context,
  };
}

/** Undefined when neither the traffic nor the checks speak TLS. */
function contextOf(
  { name, tls, health_check: check }: Upstream,
  settings: DialerSettings,
  registry: Registry,
  files: ConfigFiles,
): Ref<BackendContext> | undefined {
  if (tls === undefined || settings.tls === undefined) {
    const isChecked = check?.enabled === true && check.type === 'https';
    return isChecked ? registry.context(DEFAULT_TLS_SETTINGS, () => ({})) : undefined;
  }
  try {
    return registry.context(settings.tls, () => backendTlsFiles(tls, files));
  } catch (error) {
    if (error instanceof BalanceError) throw error;
    const message = `upstream ${name}: TLS can't be set up: ${messageOf(error)}`;
    throw new BalanceError('config_invalid', message, { cause: error });
  }
}

/** How backends are checked: undefined where neither active checks nor agents are wanted. */
function checkOf(
  upstream: Upstream,
  settings: BackendTlsSettings | undefined,
  files: ConfigFiles,
): BackendCheck | undefined {
  const section = upstream.health_check;
  const agent = section?.agent_check?.enabled === true ? section.agent_check : undefined;
  const active = section?.enabled === true ? activeCheckOf(section, upstream, settings, files) : undefined;
  if (active === undefined && agent === undefined) return undefined;
  return { active, agent, agentKey: agent === undefined ? '' : settingsKey<AgentCheck>(agent) };
}

function activeCheckOf(
  given: HealthCheck,
  { proxy_protocol: proxyProtocol, tls: config }: Upstream,
  settings: BackendTlsSettings | undefined,
  files: ConfigFiles,
): ActiveCheck {
  // Passive checks and agents are no part of the active checks: an edit of them does not begin these anew.
  const section: { -readonly [Key in keyof HealthCheck]: HealthCheck[Key] } = { ...given };
  delete section.passive_checks;
  delete section.agent_check;
  const keys = [settingsKey<HealthCheck>(section), proxyProtocol ?? ''];
  let tls: CheckTls | undefined;
  if (section.type === 'https' || (config !== undefined && speaksAsTraffic(section))) {
    tls =
      config === undefined || settings === undefined
        ? { settings: DEFAULT_TLS_SETTINGS, files: {} }
        : { settings, files: backendTlsFiles(config, files) };
    keys.push(settingsKey<BackendTlsSettings>(tls.settings));
  }
  return { section, proxyProtocol, tls, key: keys.join(' ') };
}

/** Whether a check does more than connect, and its type does not say whether over TLS. Then it does as the traffic does. */
function speaksAsTraffic({ type, send, expect }: HealthCheck): boolean {
  return type === 'tcp' ? send !== undefined || expect !== undefined : type !== 'http';
}
