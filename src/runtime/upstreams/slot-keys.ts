import { dialerSettingsOf } from '../../config/sockets/dialer-settings.ts';
import { poolSettingsOf, type PoolSettings } from '../../config/sockets/pool-settings.ts';
import { formatAddress, parseAddress } from '../../config/values/address.ts';
import { socketKeyOf } from '../../config/sockets/socket-key.ts';
import { ConfigFiles, type NamedFiles } from '../../config/files/config-files.ts';
import type { BackendConfig, Config, Listener, Upstream } from '../../config/schema/config.generated.ts';
import { settingsKey } from '../../net/dial/settings-key.ts';
import type { DialerSettings } from '../../config/sockets/dialer-settings.ts';
import { triesAgain } from '../../upstream/recovery/upstream-recovery.ts';
import type { PassiveRules } from '../../upstream/group/outliers/passive-rules.ts';
import type { BreakerRules } from '../../upstream/standing/circuit-breaker.ts';
import { breakerRulesOf, panicPercentOf, passiveRulesOf } from './standing-rules.ts';

/** What the keys of a generation's slots are made from. */
export interface SlotSource {
  readonly config: Config;
  /** The folder of the config file. */
  readonly directory: string;
  readonly files: NamedFiles;
}

type BackendName = Pick<BackendConfig, 'name' | 'address'>;

export function listenerSlot(listener: Pick<Listener, 'name' | 'address'>): string {
  return `listener ${socketKeyOf(listener)}`;
}

export function backendSlot({ name, address }: Pick<BackendConfig, 'name' | 'address'>): string {
  return `backend ${name} ${address}`;
}

export function upstreamSlot(name: string): string {
  return `upstream ${name}`;
}

/** What the tries of that upstream are counted in. */
export function retriesSlot(upstream: string): string {
  return `retries ${upstream}`;
}

/** How many groups of that upstream panic in all workers, and whether that was told. */
export function panicSlot(upstream: string): string {
  return `panic ${upstream}`;
}

/** What the requests of that upstream to that backend are counted in. */
export function requestsSlot(upstream: string, backend: BackendName): string {
  return `requests ${JSON.stringify([upstream, backend.name, backend.address])}`;
}

/** @param rulesKey the `settingsKey` of the rules of passive checks */
export function ejectionSlot(upstream: string, backend: BackendName, rulesKey: string): string {
  return `ejection ${JSON.stringify([upstream, backend.name, backend.address])} ${rulesKey}`;
}

/** @param rulesKey the `settingsKey` of the rules of the breaker */
export function breakerSlot(upstream: string, backend: BackendName, rulesKey: string): string {
  return `breaker ${JSON.stringify([upstream, backend.name, backend.address])} ${rulesKey}`;
}

/**
 * @param poolKey the `settingsKey` of the pool's settings
 * @param dialerKey the key of the dialer that makes its connections
 */
export function poolSlot(
  backend: Pick<BackendConfig, 'name' | 'address'>,
  poolKey: string,
  dialerKey: string,
): string {
  return `pool ${backend.name} ${backend.address} ${poolKey} ${dialerKey}`;
}

/**
 * The keys of all slots that a generation may open: the same in each thread, so that only the numbers of slots need to be sent. Pools of
 * use `once` have none: their size does not limit leases.
 */
export function slotKeysOf({ config, directory, files }: SlotSource): ReadonlySet<string> {
  const keys = new Set(config.listeners.map(listenerSlot));
  const named = new ConfigFiles(directory, files);
  for (const upstream of config.upstreams) {
    keys.add(upstreamSlot(upstream.name));
    if (panicPercentOf(upstream) > 0) keys.add(panicSlot(upstream.name));
    if (triesAgain(upstream)) keys.add(retriesSlot(upstream.name));
    for (const backend of upstream.backends) keys.add(backendSlot(backend));
    for (const key of standingSlots(upstream)) keys.add(key);
    const settings = poolSettingsOf(upstream, 'keep-alive');
    if (settings === undefined || settings.maxSize === 0) continue;
    const poolKey = settingsKey<PoolSettings>(settings);
    const dialerKey = settingsKey<DialerSettings>(dialerSettingsOf(upstream, (file) => named.hash(file)));
    for (const { name, address } of upstream.backends)
      keys.add(poolSlot({ name, address: formatAddress(parseAddress(address)) }, poolKey, dialerKey));
  }
  return keys;
}

/** The slots of what passive checks and circuit breakers find, and of limits for requests. */
function* standingSlots(upstream: Upstream): Generator<string, void> {
  const { name, backends } = upstream;
  const passive = passiveRulesOf(upstream);
  const breaker = breakerRulesOf(upstream);
  const passiveKey = passive && settingsKey<PassiveRules>(passive);
  const breakerKey = breaker && settingsKey<BreakerRules>(breaker);
  for (const backend of backends) {
    if (backend.max_requests > 0) yield requestsSlot(name, backend);
    if (passiveKey !== undefined) yield ejectionSlot(name, backend, passiveKey);
    if (breakerKey !== undefined) yield breakerSlot(name, backend, breakerKey);
  }
}
