import { ConfigFiles } from '../../config/files/config-files.ts';
import type { BackendConfig, Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import { poolSettingsOf } from '../../config/sockets/pool-settings.ts';
import { isEqual } from '../../config/values/is-equal.ts';
import { messageOf } from '../../errors.ts';
import type { BackendContext } from '../../net/dial/tls/backend-context.ts';
import type { LifetimeScope } from '../../net/resources/lifetime-scope.ts';
import type { SocketUse, Upstream } from '../../plugin-api/index.ts';
import { ListedBackends, type BackendSource } from '../../upstream/backend/backend-source.ts';
import { balancerInSteps } from '../../upstream/balancer/create-balancer.ts';
import type { Member } from '../../upstream/group/member.ts';
import { OutlierWatch } from '../../upstream/group/outliers/outlier-watch.ts';
import type { SocketPool } from '../../upstream/pool/socket-pool.ts';
import type { RetryCounts } from '../../upstream/recovery/retry-counts.ts';
import { triesAgain, upstreamRecovery } from '../../upstream/recovery/upstream-recovery.ts';
import { ProtocolUpstream } from '../../upstream/group/protocol-upstream.ts';
import { UpstreamGroup } from '../../upstream/group/upstream-group.ts';
import type { LeaseHome } from '../../upstream/group/upstream-options.ts';
import type { UpstreamShare } from '../../upstream/sharing/upstream-share.ts';
import { TimeSlicer } from '../../time/time-slicer.ts';
import { HeldMember, hearOutcomes, identityOf, releaseNow } from './held-member.ts';
import { memberPartsOf, type UpstreamMemberParts } from './member-parts.ts';
import type { Ref, Releasable } from '../../net/resources/ref-counted-map.ts';
import { sessionTableOf } from './session-tables.ts';
import { stickyPartsOf } from './sticky-parts.ts';
import { balancerMaker, groupOptionsOf, panicsOf, type UpstreamParts } from './upstream-parts.ts';
import { sparedReports } from './standing-reports.ts';
import { upstreamFaults } from './upstream-reports.ts';

/** One use of an upstream's sockets: the `Upstream` objects of its protocols, by their names, and whether members have pools for it. */
interface SocketUsers {
  readonly views: Map<string, Upstream>;
  hasPools: boolean;
}

/**
 * An upstream with its references into the registry, shared by all generations whose config says the same about it. It is live until an
 * edit changes it; so long its members follow its source of backends. Then it releases its pools and health checks, and, after the
 * last protocol instance that used it, its backends.
 */
export class SharedUpstream implements LeaseHome {
  readonly config: UpstreamConfig;
  /** The files that its config names, with their hashes. */
  readonly stamp: string;
  readonly group: UpstreamGroup;
  readonly #parts: UpstreamParts;
  readonly #memberParts: UpstreamMemberParts;
  /** Undefined where there is one worker. */
  readonly #share: Ref<UpstreamShare> | undefined;
  /** Undefined where requests are not tried again. */
  readonly #retryCounts: Ref<RetryCounts> | undefined;
  /** Undefined where health always counts. */
  readonly #panics: ReturnType<typeof panicsOf>;
  /** What remembers where clients belong. Undefined without a table. */
  readonly sessions: ReturnType<typeof sessionTableOf>;
  /** How clients are kept at their backends. Undefined where they are not. */
  readonly #sticky: ReturnType<typeof stickyPartsOf>;
  readonly #source: BackendSource;
  /** Undefined where no backend is ejected. */
  readonly #outliers: OutlierWatch | undefined;
  #stopFollowing: (() => void) | undefined;
  /** The list of the source that the present members were made from. */
  #listed: readonly BackendConfig[] = [];
  /** Replaced, never changed. */
  #held: readonly HeldMember[] = [];
  /** Members that left while they had leases. */
  readonly #leaving = new Set<HeldMember>();
  readonly #uses = new Map<SocketUse, SocketUsers>();
  #isUpdating = false;
  #holders = 0;
  #draining = false;
  /** True once pools and health checks are released, which comes before the release of the backends. */
  #emptied = false;
  #closed = false;

  private constructor(
    config: UpstreamConfig,
    parts: UpstreamParts,
    files: ConfigFiles,
    stamp: string,
    sessionKey: string | undefined,
  ) {
    this.config = config;
    this.stamp = stamp;
    this.#parts = parts;
    this.#source = parts.sourceOf?.(config) ?? new ListedBackends(config.backends);
    const onFault = upstreamFaults(config.name, parts, () => this.#onlyProtocol);
    this.#memberParts = memberPartsOf(config, parts, files, onFault);
    this.#share = parts.registry.share(config.name);
    this.#retryCounts = triesAgain(config) ? parts.registry.retryCounts(config.name) : undefined;
    this.#panics = panicsOf(config, parts.registry);
    this.sessions = sessionTableOf(config, parts.registry);
    const { passive } = this.#memberParts;
    this.#outliers = passive && new OutlierWatch(passive, sparedReports(parts.logger, config.name));
    this.#sticky = stickyPartsOf(config, files, sessionKey, this.sessions?.value);
    this.group = new UpstreamGroup({
      ...groupOptionsOf(config, parts, onFault, this.#panics?.value),
      makeBalancer: balancerMaker(config, parts, this.#share?.value.turns),
      share: this.#share?.value,
      recovery: upstreamRecovery(config, this.#retryCounts?.value),
      home: this,
      sticky: this.#sticky,
    });
  }

  /**
   * Takes its parts from the registry and makes its balancer, slice by slice.
   *
   * @param files the files that the config names. Default: none
   * @param stamp their names and hashes, as far as this upstream names them
   * @param sessionKey the key of its cookies where the config gives none. Default: nothing is served
   */
  static async build(
    config: UpstreamConfig,
    parts: UpstreamParts,
    slicer: TimeSlicer,
    files = new ConfigFiles('', new Map()),
    stamp = '',
    sessionKey?: string,
  ): Promise<SharedUpstream> {
    const upstream = new SharedUpstream(config, parts, files, stamp, sessionKey);
    try {
      await upstream.#replaceMembers(upstream.#source.current, slicer);
    } catch (error) {
      upstream.destroy();
      throw error;
    }
    upstream.#stopFollowing = upstream.#source.follow(() => {
      void upstream.#update();
    });
    // The source may have changed before `follow` was called.
    void upstream.#update();
    return upstream;
  }

  get name(): string {
    return this.config.name;
  }

  get members(): readonly Member[] {
    return this.group.members;
  }

  /** What TLS to its backends, or their checks of type https, are made with; undefined when neither speaks TLS. */
  get context(): BackendContext | undefined {
    return this.#memberParts.context?.value;
  }

  /** Whether a live protocol instance has that use for its sockets. */
  isUsedFor(use: SocketUse): boolean {
    return this.#uses.has(use);
  }

  /**
   * The `Upstream` object of that protocol for one use of sockets. {@link fill} makes the pools.
   *
   * @param scope leases end with this scope at the latest. Default: only protocols end them
   */
  forUse(use: SocketUse, protocol: string, scope?: LifetimeScope): Upstream {
    const users = this.#uses.get(use) ?? { views: new Map<string, Upstream>(), hasPools: false };
    this.#uses.set(use, users);
    let view = users.views.get(protocol);
    if (view === undefined) {
      this.group.addProtocol(protocol);
      view = new ProtocolUpstream(this.group, use, protocol, undefined);
      users.views.set(protocol, view);
    }
    return scope === undefined ? view : new ProtocolUpstream(this.group, use, protocol, scope);
  }

  /** Makes the pools of the uses that were asked for since the last time. */
  async fill(slicer: TimeSlicer): Promise<void> {
    for (const [use, users] of this.#uses) {
      if (users.hasPools) continue;
      users.hasPools = true;
      const settings = poolSettingsOf(this.config, use);
      if (settings === undefined) continue;
      await slicer.forEach(this.#held, (held) => {
        held.addPool(use, settings);
      });
    }
  }

  /** {@link fill} at once, for a protocol that asks for a use after the generation was built. */
  fillNow(): void {
    for (const users of this.#uses.values()) users.hasPools = true;
    if (!this.#draining) for (const held of this.#held) this.#addPools(held);
  }

  /** Takes the pools of all other uses away from the members: no live protocol instance needs them. The caller releases them. */
  takeOtherPools(uses: ReadonlySet<SocketUse>): readonly Ref<SocketPool>[] {
    for (const use of [...this.#uses.keys()]) if (!uses.has(use)) this.#uses.delete(use);
    return this.#held.flatMap((held) => held.takeOtherPools(uses));
  }

  /** A protocol instance uses the upstream, or a lease of an earlier generation does. Its backends stay until {@link release}. */
  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    this.#closeWhenUnused();
  }

  /** No live generation has it any more. Never rejects. */
  async drain(slicer: TimeSlicer): Promise<void> {
    if (this.#draining) return;
    this.#beginDraining();
    this.group.drain();
    await slicer.forEach(this.#emptyMembers(), (reference) => {
      reference.release();
    });
    this.#emptied = true;
    this.#closeWhenUnused();
  }

  /** Releases everything now. */
  destroy(): void {
    this.#beginDraining();
    for (const reference of this.#emptyMembers()) reference.release();
    this.#close();
  }

  #beginDraining(): void {
    this.#draining = true;
    this.#outliers?.close();
    this.#stopFollowing?.();
    this.#stopFollowing = undefined;
  }

  #emptyMembers(): readonly Releasable[] {
    this.#uses.clear();
    return this.#held.flatMap((held) => held.drain());
  }

  #closeWhenUnused(): void {
    if (this.#emptied && this.#holders === 0) this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.group.close();
    for (const held of [...this.#held, ...this.#leaving]) held.release();
    this.#leaving.clear();
    const { context } = this.#memberParts;
    for (const part of [context, this.#share, this.#retryCounts, this.#panics, this.sessions])
      part?.release();
  }

  /** Makes the backends of the source the members, if the source has changed. Changes that come meanwhile follow as one change. */
  async #update(): Promise<void> {
    if (this.#isUpdating) return;
    this.#isUpdating = true;
    while (!this.#draining && this.#source.current !== this.#listed) {
      const listed = this.#source.current;
      try {
        await this.#replaceMembers(listed, new TimeSlicer());
      } catch (error) {
        this.#listed = listed;
        this.#parts.logger.error('upstream keeps its backends, as others could not be used', {
          upstream: this.name,
          error: messageOf(error),
        });
      }
    }
    this.#isUpdating = false;
  }

  /**
   * Builds the members and the balancer for these backends, and then replaces the present ones in one moment. A backend whose config did
   * not change keeps its member. Members that are not listed any more finish their leases.
   */
  async #replaceMembers(backends: readonly BackendConfig[], slicer: TimeSlicer): Promise<void> {
    const before = this.#held;
    const unchanged = new Map(before.map((held) => [identityOf(held.config), held]));
    const made: HeldMember[] = [];
    const next: HeldMember[] = [];
    const releaseMade = (): void => {
      for (const held of made) releaseNow(held);
    };
    try {
      await slicer.forEach(backends, (backend) => {
        const same = unchanged.get(identityOf(backend));
        if (same !== undefined && isEqual(same.config, backend)) {
          unchanged.delete(identityOf(backend));
          next.push(same);
          return;
        }
        const held = new HeldMember(backend, this.#memberParts);
        made.push(held);
        next.push(held);
        this.#addPools(held);
      });
      const members = next.map(({ member }) => member);
      const balancer = await slicer.finish(
        balancerInSteps(this.config.load_balancer, members, this.#parts.chance, this.#share?.value.turns),
      );
      const sessions = this.#sticky?.sessions.prepare?.(members);
      if (sessions !== undefined) await slicer.finish(sessions);
      if (this.#draining) releaseMade();
      else {
        // Protocols may have asked for further pools, or stopped using some.
        for (const held of made) {
          this.#addPools(held);
          for (const pool of held.takeOtherPools(this.#uses)) pool.release();
        }
        hearOutcomes(members, this.#outliers);
        this.group.setMembers(members, balancer);
        this.#held = next;
        this.#listed = backends;
      }
    } catch (error) {
      releaseMade();
      throw error;
    }
    const staying = new Set(this.#held);
    await slicer.forEach(
      before.filter((held) => !staying.has(held)),
      (held) => {
        this.#drainMember(held);
      },
    );
  }

  /** Releases the pools and the health check of a member, and its backend after its last lease. */
  #drainMember(held: HeldMember): void {
    for (const reference of held.drain()) reference.release();
    this.#leaving.add(held);
    held.releaseWhenIdle(() => {
      this.#leaving.delete(held);
    });
  }

  #addPools(held: HeldMember): void {
    for (const [use, { hasPools }] of this.#uses) {
      const settings = hasPools ? poolSettingsOf(this.config, use) : undefined;
      if (settings !== undefined) held.addPool(use, settings);
    }
  }

  /** The name of the protocol if only one uses the upstream. Needed for leases that are over: they no longer know their protocol. */
  get #onlyProtocol(): string | undefined {
    const protocols = new Set([...this.#uses.values()].flatMap(({ views }) => [...views.keys()]));
    return protocols.size === 1 ? [...protocols][0] : undefined;
  }
}
