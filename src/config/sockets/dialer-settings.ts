import type { Upstream } from '../schema/config.generated.ts';

/** The settings that the connections of an upstream are made with. All of them are in the key of its dialer, and so of its pools. */
export interface DialerSettings {
  /** Time limit of a whole dial: the look-up of the name, and all addresses that are tried. */
  readonly connectTimeoutMs: number;
  /** As of `setKeepAlive`. 0: no probes. */
  readonly keepAliveMs: number;
  /** The version of the PROXY header that each connection begins with. Default: none. */
  readonly proxyProtocol?: 'v1' | 'v2' | undefined;
}

export function dialerSettingsOf(upstream: Upstream): DialerSettings {
  const { timeouts, tcp_keepalive: keepAliveMs, proxy_protocol: proxyProtocol } = upstream;
  return { connectTimeoutMs: timeouts.connect, keepAliveMs, proxyProtocol };
}
