import { formatAddress, type Address } from '../config/values/address.ts';
import type { HealthCheck } from '../config/schema/config.generated.ts';
import type { ProxyVersion } from '../net/proxy-protocol/write/proxy-header-of.ts';
import { parseStatusRanges, type StatusRange } from '../config/values/status-ranges.ts';

/** How one backend is checked. */
export interface HealthSettings {
  /** `tcp`: it accepts a connection; `http`: it answers a GET with an expected status; `https`: it does so over TLS, once it is verified. */
  readonly type: 'tcp' | 'http' | 'https';
  readonly path: string;
  /** The `Host` header of HTTP checks. */
  readonly host: string;
  /** From the end of one check to the start of the next, on average. */
  readonly intervalMs: number;
  /** For a whole check. */
  readonly timeoutMs: number;
  /** Passed checks in a row that bring a backend back. */
  readonly healthyThreshold: number;
  /** Failed checks in a row that take a backend out. */
  readonly unhealthyThreshold: number;
  readonly expectedStatus: readonly StatusRange[];
  /** The version of the PROXY header that each check begins with, as the backend expects one. Default: none. */
  readonly proxyProtocol?: ProxyVersion | undefined;
}

/**
 * The settings that a `health_check` section means for a backend.
 *
 * @param proxyProtocol the `proxy_protocol` of the upstream
 * @throws Error when `expected_status` can't be read
 */
export function healthSettings(
  section: HealthCheck,
  address: Address,
  proxyProtocol?: ProxyVersion,
): HealthSettings {
  return {
    type: section.type,
    path: section.path,
    // A unix socket has no host, and HTTP/1.1 demands one.
    host:
      address.kind === 'unix'
        ? 'localhost'
        : formatAddress({ ...address, host: address.host.replace(/\.$/, '') }),
    intervalMs: section.interval,
    timeoutMs: section.timeout,
    healthyThreshold: section.healthy_threshold,
    unhealthyThreshold: section.unhealthy_threshold,
    expectedStatus: parseStatusRanges(section.expected_status),
    proxyProtocol,
  };
}
