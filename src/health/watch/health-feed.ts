import type { AgentCheck, HealthCheck } from '../../config/schema/config.generated.ts';
import type { BackendTlsSettings } from '../../config/sockets/tls-settings.ts';
import type { Address } from '../../config/values/address.ts';
import type { BackendTlsFiles } from '../../net/dial/tls/backend-context.ts';
import type { Releasable } from '../../net/resources/ref-counted-map.ts';
import type { MemberHealth } from '../../upstream/group/member.ts';

/** What checks speak TLS with. */
export interface CheckTls {
  readonly settings: BackendTlsSettings;
  /** As the load of the config has read them. */
  readonly files: BackendTlsFiles;
}

/** How the backends of an upstream are checked. Plain data. */
export interface BackendCheck {
  /** Undefined: only agents are asked. */
  readonly active: ActiveCheck | undefined;
  /** Undefined: no agents are asked. */
  readonly agent: AgentCheck | undefined;
  /** The `settingsKey` of `agent`, made once for all backends of an upstream; '' without one. */
  readonly agentKey: string;
}

/** What the active checks of an upstream do. Plain data. */
export interface ActiveCheck {
  readonly section: HealthCheck;
  /** The version of the PROXY header that each check begins with; undefined: none. */
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
  /** Undefined for checks without TLS. */
  readonly tls: CheckTls | undefined;
  /** The `settingsKey` of all of this, made once for all backends of an upstream. */
  readonly key: string;
}

/** A backend that is checked. */
export interface CheckedBackend {
  /** Name of the upstream that it is checked for. */
  readonly upstream: string;
  readonly name: string;
  readonly target: Address;
  readonly check: BackendCheck;
}

/** Says how healthy backends are. The checks may run elsewhere. */
export interface HealthFeed {
  /**
   * Has a backend checked until the result is released. All that watch the same address for the same upstream with the same check share the
   * checks.
   *
   * @param changed called when the health, or what the agent says, has changed. Must not throw
   * @throws Error when OpenSSL can't use a file or a setting of the check
   */
  watch(backend: CheckedBackend, changed: () => void): WatchedHealth;
}

/** The health of a backend, kept up to date until it is released. */
export interface WatchedHealth extends Releasable {
  readonly health: MemberHealth;
  /** The backend got traffic. Needed once a second at most, and only for checks with `no_traffic_interval`. */
  noteTraffic(): void;
}

/** Checks nothing: for a generation that is built for `explain` and connects to nothing. */
export const NO_CHECKS: HealthFeed = {
  watch: () => ({ health: { healthy: true }, release: () => undefined, noteTraffic: () => undefined }),
};

/** A change of a backend's health, as its checks or its agent found it. */
export interface HealthChange {
  /** Name of the upstream that it was checked for. */
  readonly upstream: string;
  /** Name of the backend. */
  readonly backend: string;
  readonly address: string;
  readonly healthy: boolean;
  /** The result of the last check, in words. */
  readonly reason: string;
}
