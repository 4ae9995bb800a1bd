import { formatAddress, type Address } from '../config/values/address.ts';
import { parseByteText } from '../config/values/byte-text.ts';
import type { HealthCheck } from '../config/schema/config.generated.ts';
import { parseStatusRanges } from '../plugin-api/values/status-ranges.ts';
import type { ProbeSettings } from './probe/probe-settings.ts';

/** How one backend is checked. */
export interface HealthSettings {
  readonly probe: ProbeSettings;
  readonly pace: CheckPace;
  /** For a whole check. */
  readonly timeoutMs: number;
  /** Passed checks in a row that bring a backend back. */
  readonly healthyThreshold: number;
  /** Failed checks in a row that take a backend out. */
  readonly unhealthyThreshold: number;
  /** What counts before the first check. */
  readonly initialState: HealthCheck['initial_state'];
}

/** How long it takes from the end of one check to the start of the next, on average. */
export interface CheckPace {
  readonly intervalMs: number;
  /** While results speak against the present state. */
  readonly fastIntervalMs: number;
  /** While the backend is up and gets no traffic; undefined: as {@link intervalMs}. */
  readonly noTrafficIntervalMs: number | undefined;
}

/** Where a backend is checked: at its own address, or at another port of its host. */
export function checkedAddress({ port }: HealthCheck, address: Address): Address {
  return port === undefined || address.kind === 'unix' ? address : { ...address, port };
}

/**
 * The settings that a `health_check` section means for a backend.
 *
 * @param address where it is checked
 * @throws Error when `expected_status`, `send` or `expect` can't be read
 */
export function healthSettings(section: HealthCheck, address: Address): HealthSettings {
  const { interval, fast_interval: fastInterval = interval } = section;
  return {
    probe: probeSettings(section, address),
    pace: {
      intervalMs: interval,
      fastIntervalMs: fastInterval,
      noTrafficIntervalMs: section.no_traffic_interval,
    },
    timeoutMs: section.timeout,
    healthyThreshold: section.healthy_threshold,
    unhealthyThreshold: section.unhealthy_threshold,
    initialState: section.initial_state,
  };
}

function probeSettings(section: HealthCheck, address: Address): ProbeSettings {
  const { type, send, expect } = section;
  if (type === 'tcp')
    return {
      kind: 'tcp',
      send: send === undefined ? undefined : parseByteText(send),
      expect: expect === undefined ? undefined : parseByteText(expect),
    };
  if (type !== 'http' && type !== 'https') return { kind: 'protocol', protocol: type };
  return {
    kind: 'http',
    method: section.method,
    path: section.path,
    host: section.hostname ?? hostOf(address),
    headers: Object.entries(section.headers ?? {}),
    expectedStatus: parseStatusRanges(section.expected_status),
    expectedBody: section.expected_body,
  };
}

/** A unix socket has no host, and HTTP/1.1 demands one. */
function hostOf(address: Address): string {
  if (address.kind === 'unix') return 'localhost';
  return formatAddress({ ...address, host: address.host.replace(/\.$/, '') });
}
