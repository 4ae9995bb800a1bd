import type { Upstream } from '../schema/config.generated.ts';
import { tlsSettingsOf, type BackendTlsSettings } from './tls-settings.ts';

/** The settings that the connections of an upstream are made with. All of them are in the key of its dialer, and so of its pools. */
export interface DialerSettings {
  /** Time limit of a whole dial: the look-up of the name, all addresses that are tried, and the TLS handshake. */
  readonly connectTimeoutMs: number;
  /** As of `setKeepAlive`. 0: no probes. */
  readonly keepAliveMs: number;
  /** The version of the PROXY header that each connection begins with. Default: none. */
  readonly proxyProtocol?: 'v1' | 'v2' | undefined;
  /** Default: no TLS. */
  readonly tls?: BackendTlsSettings | undefined;
}

/**
 * @param keyOf a text for the file of that name which changes with its content. Default: its name, for comparisons of two configs that
 *   are not about contents
 */
export function dialerSettingsOf(
  upstream: Upstream,
  keyOf: (file: string) => string = (file) => file,
): DialerSettings {
  const { timeouts, tcp_keepalive: keepAliveMs, proxy_protocol: proxyProtocol, tls } = upstream;
  return {
    connectTimeoutMs: timeouts.connect,
    keepAliveMs,
    proxyProtocol,
    tls: tls && tlsSettingsOf(tls, keyOf),
  };
}
