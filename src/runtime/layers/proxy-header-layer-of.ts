import type { Listener as ListenerConfig } from '../../config/schema/config.generated.ts';
import { isEqual } from '../../config/values/is-equal.ts';
import type { TransportLayer } from '../../net/layers/layer.ts';
import {
  ProxyHeaderLayer,
  type ProxyHeaderSettings,
} from '../../net/proxy-protocol/accept/proxy-header-layer.ts';
import { ProxyRefusals } from '../../net/proxy-protocol/accept/proxy-refusals.ts';
import type { Logger } from '../../plugin-api/index.ts';

/**
 * The layer that reads the PROXY header of a listener's connections; undefined when they need none.
 *
 * @param before the layers that the listener has now at the same socket: the counts of refused connections go on
 */
export function proxyHeaderLayerOf(
  { name, proxy_protocol: accepted }: ListenerConfig,
  before: readonly TransportLayer[],
  logger: Logger,
): ProxyHeaderLayer | undefined {
  if (accepted?.accept !== true) return undefined;
  const settings: ProxyHeaderSettings = {
    listener: name,
    trusted: accepted.trusted,
    timeoutMs: accepted.timeout,
  };
  const earlier = before.find((layer) => layer instanceof ProxyHeaderLayer);
  // Long lists of networks take a while to read.
  if (earlier !== undefined && isEqual(earlier.settings, settings)) return earlier;
  return new ProxyHeaderLayer(settings, earlier?.refusals ?? new ProxyRefusals(logger));
}
