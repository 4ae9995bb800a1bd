import { passedUpstreams } from '../../config/options/listener-options.ts';
import type { Listener as ListenerConfig } from '../../config/schema/config.generated.ts';

/** The default of `tls.sni.idle_timeout`, as of `tcp.timeouts.idle`. */
const IDLE_TIMEOUT_MS = 600_000;

/**
 * The config of the tcp instance that gets those connections of a listener which are passed on undecrypted. Undefined when nothing is passed
 * on, and for listeners in mode tcp, whose own instance gets them.
 */
export function passingConfig(listener: ListenerConfig): ListenerConfig | undefined {
  if (listener.mode === 'tcp' || passedUpstreams(listener).length === 0) return undefined;
  const { name, address, max_connections, tcp_keepalive, tls } = listener;
  const tcp = { timeouts: { idle: tls?.sni?.idle_timeout ?? IDLE_TIMEOUT_MS } };
  return { name, address, mode: 'tcp', max_connections, tcp_keepalive, tcp, ...(tls && { tls }) };
}
