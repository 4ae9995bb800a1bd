import type { BackendConfig } from '../../config/schema/config.generated.ts';
import type { BackendCheck, WatchedHealth } from '../../health/watch/health-feed.ts';
import type { Dialer } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendState } from '../../upstream/backend/backend-state.ts';
import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { AdaptiveRules } from '../../upstream/concurrency/adaptive-limit.ts';
import { RequestLimit } from '../../upstream/concurrency/request-limit.ts';
import { Member } from '../../upstream/group/member.ts';
import type { SocketPool } from '../../upstream/pool/socket-pool.ts';
import type { Ref, Releasable } from '../../net/resources/ref-counted-map.ts';
import { joinOutcomes } from '../../upstream/standing/lease-outcomes.ts';
import type { OutlierWatch } from '../../upstream/group/outliers/outlier-watch.ts';
import type { PassiveRules } from '../../upstream/group/outliers/passive-rules.ts';
import type { BreakerRules } from '../../upstream/standing/circuit-breaker.ts';
import type { Registry } from './registry.ts';

/** Behind every `priority`. */
const BACKUP_PRIORITY = 1_000;

/** What the members of one upstream are made with. */
export interface MemberParts {
  readonly registry: Registry;
  readonly dialer: Dialer;
  /** Name of the upstream. */
  readonly upstream: string;
  /** Absent where backends are not checked. */
  readonly check: BackendCheck | undefined;
  /** Absent where no backend is ejected. */
  readonly passive: PassiveRules | undefined;
  /** Absent where there are no circuit breakers. */
  readonly breaker: BreakerRules | undefined;
  /** Absent where no limit for requests is found by their times. */
  readonly adaptive: AdaptiveRules | undefined;
  /** How the times are averaged that backends take to answer. Absent where the balancer does not ask. */
  readonly times: { readonly followsPeaks: boolean } | undefined;
}

/** A member of an upstream, with its references into the registry: to its backend, its health check and its pools. */
export class HeldMember {
  readonly config: BackendConfig;
  readonly member: Member;
  readonly #parts: MemberParts;
  readonly #backend: Ref<BackendState>;
  #health: WatchedHealth | undefined;
  /** How the backend stands in the upstream: needed to the end of the last lease. */
  readonly #standing: Releasable[] = [];
  readonly #stopFollowing: (() => void)[] = [];
  readonly #pools = new Map<SocketUse, Ref<SocketPool>>();
  #hasLeft = false;
  #stopWaiting: (() => void) | undefined;

  constructor(config: BackendConfig, parts: MemberParts) {
    this.config = config;
    this.#parts = parts;
    const { registry, check, upstream, passive, breaker, adaptive } = parts;
    this.#backend = registry.backend(config);
    const backend = this.#backend.value;
    const changed = (): void => {
      this.member.noteChange();
    };
    try {
      this.#health = check && registry.health(upstream, backend, checkOf(check, config), changed);
    } catch (error) {
      this.#backend.release();
      throw error;
    }
    const { standings } = registry;
    const standing = standings.standing(upstream, config);
    standing.value.enter(standings.isServing, config.weight === 0);
    const ejection = passive && standings.ejection(upstream, config, passive, backend);
    const circuit = breaker && standings.breaker(upstream, config, breaker, backend);
    const adaptiveLimit = adaptive && standings.adaptiveLimit(upstream, config, adaptive);
    const isLimited = config.max_requests > 0 || adaptiveLimit !== undefined;
    const count = isLimited ? standings.requestCount(upstream, config) : undefined;
    const times = parts.times && standings.times(upstream, config, parts.times.followsPeaks);
    for (const part of [count, adaptiveLimit, times]) if (part !== undefined) this.#standing.push(part);
    for (const part of [standing, ejection, circuit]) {
      if (part === undefined) continue;
      this.#standing.push(part);
      this.#stopFollowing.push(part.value.changes.follow(changed));
    }
    this.member = new Member({
      backend,
      weight: config.weight,
      priority: config.backup ? BACKUP_PRIORITY : config.priority,
      zone: config.zone,
      maxConnections: config.max_connections,
      dialer: parts.dialer,
      health: this.#health?.health,
      standing: standing.value,
      ejection: ejection?.value,
      breaker: circuit?.value,
      times: times?.value,
      requests: count && new RequestLimit(config.max_requests || Infinity, count.value, adaptiveLimit?.value),
    });
  }

  /** Leases for that use get their channels from a pool with these settings. No effect if there is such a pool, or after {@link drain}. */
  addPool(use: SocketUse, settings: PoolSettings): void {
    if (this.#hasLeft || this.#pools.has(use)) return;
    const { registry, dialer } = this.#parts;
    const pool = registry.pool(this.member.backend, use, settings, dialer);
    this.#pools.set(use, pool);
    this.member.setPool(use, pool.value);
  }

  /** Takes the pools of all other uses away from the member. The caller releases them. */
  takeOtherPools(uses: { has(use: SocketUse): boolean }): readonly Ref<SocketPool>[] {
    const taken: Ref<SocketPool>[] = [];
    for (const [use, pool] of this.#pools) {
      if (uses.has(use)) continue;
      this.#pools.delete(use);
      this.member.setPool(use, undefined);
      taken.push(pool);
    }
    return taken;
  }

  /** The member gets no new lease. Returns its pools and its health check, which the caller releases; it keeps its backend. */
  drain(): readonly Releasable[] {
    if (!this.#hasLeft) this.member.standing.leave();
    this.#hasLeft = true;
    const health = this.#health;
    this.#health = undefined;
    const pools = this.takeOtherPools(new Set());
    return health === undefined ? pools : [...pools, health];
  }

  /** Releases the backend after its last lease, so that its leases are counted to the end. Then calls `released`. */
  releaseWhenIdle(released: () => void): void {
    const { backend } = this.member;
    const release = (): void => {
      if (backend.active > 0) return;
      this.release();
      released();
    };
    this.#stopWaiting = backend.onFree(release);
    release();
  }

  /** Releases the backend now, after {@link drain}. */
  release(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    for (const stop of this.#stopFollowing) stop();
    for (const part of this.#standing) part.release();
    this.#backend.release();
  }
}

/** Equal for the same server under the same name. */
export function identityOf({ name, address }: BackendConfig): string {
  return `${name} ${address}`;
}

/** Releases a member that was made but never used. */
export function releaseNow(held: HeldMember): void {
  for (const reference of held.drain()) reference.release();
  held.release();
}

/** Has all who judge these members hear of the outcomes of their leases. */
export function hearOutcomes(members: readonly Member[], outliers: OutlierWatch | undefined): void {
  outliers?.watch(members);
  for (const member of members) {
    const hearers = [outliers?.checksOf(member), member.times, member.requests?.outcomes];
    member.outcomes = joinOutcomes(hearers.filter((hearer) => hearer !== undefined));
  }
}

/** How that backend is checked: its agent may have a port of its own. */
function checkOf(check: BackendCheck, { agent_port: port }: BackendConfig): BackendCheck {
  const { agent, agentKey } = check;
  if (agent === undefined || port === undefined) return check;
  return { ...check, agent: { ...agent, port }, agentKey: `${agentKey} ${String(port)}` };
}
