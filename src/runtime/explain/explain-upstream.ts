import { DRAWING_ALGORITHMS, HASHING_ALGORITHMS } from '../../config/values/algorithm.ts';
import type { Upstream as UpstreamConfig, UpstreamTls } from '../../config/schema/config.generated.ts';
import { formatDuration } from '../../config/values/units.ts';
import type { Member } from '../../upstream/group/member.ts';
import type { UpstreamGroup } from '../../upstream/group/upstream-group.ts';
import type { StickySource } from '../../plugin-api/index.ts';
import type {
  ExplainedBackend,
  ExplainedSticky,
  ExplainedBackendTls,
  ExplainedUpstream,
} from './explanation.ts';

/** What of a request says which backend it gets. */
export interface RequestMarks {
  /** As `ExplainedForward.key`. */
  readonly key?: string | undefined;
  /** As `ExplainedForward.session`. */
  readonly session?: string | undefined;
}

/** Explains which backend of an upstream a request would get. No backend is contacted, and no balancer changes its state. */
export function explainUpstream(
  config: UpstreamConfig,
  group: UpstreamGroup,
  { key, session }: RequestMarks,
  live: boolean,
): ExplainedUpstream {
  const backends = group.members.map((member) => explainBackend(config, member, live));
  const { hash_key: hashKey } = config.load_balancer;
  return {
    name: config.name,
    algorithm: group.algorithm,
    ...(config.proxy_protocol === undefined ? {} : { proxy_protocol: config.proxy_protocol }),
    ...(config.tls === undefined ? {} : { tls: explainTls(config.tls) }),
    ...(hashKey === undefined || !hashes(config)
      ? {}
      : { hash_key: { from: hashKey, ...(key === undefined ? {} : { value: key }) } }),
    ...explainRetry(config),
    ...explainHedge(config),
    ...(group.sticky === undefined ? {} : { sticky: explainSticky(group, group.sticky, session) }),
    backends,
    ...pickOf(config, group, { key, session }, live),
  };
}

function explainRetry({ resilience: { retry } }: UpstreamConfig): Pick<ExplainedUpstream, 'retry'> {
  if (retry?.enabled !== true) return {};
  return { retry: { max_attempts: retry.max_attempts, on: retry.on } };
}

function explainHedge({ resilience: { hedge } }: UpstreamConfig): Pick<ExplainedUpstream, 'hedge'> {
  return hedge?.enabled === true ? { hedge: { after_ms: hedge.after } } : {};
}

function explainSticky(
  group: UpstreamGroup,
  source: StickySource,
  session: string | undefined,
): ExplainedSticky {
  const backend = session === undefined ? undefined : group.memberOf(session)?.backend.name;
  return {
    type: source.kind === 'source-ip' ? 'source' : source.kind,
    ...(source.kind === 'source-ip' ? {} : { name: source.name }),
    ...(backend === undefined ? {} : { backend }),
  };
}

function explainTls(tls: UpstreamTls): ExplainedBackendTls {
  return {
    ...(tls.server_name === undefined ? {} : { server_name: tls.server_name }),
    verify: !tls.insecure_skip_verify,
    client_certificate: tls.client_cert_file !== undefined,
    ...(tls.client_cert_file === undefined ? {} : { client_certificate_file: tls.client_cert_file }),
  };
}

/** The member that a request with that key would get; undefined when nobody can know it. */
export function likelyMember(
  config: UpstreamConfig,
  group: UpstreamGroup,
  { key, session }: RequestMarks,
  live: boolean,
): Member | undefined {
  const own = session === undefined ? undefined : group.memberOf(session);
  if (own?.hasRoom === true) return own;
  const candidates = group.members.filter(isCandidate);
  if (candidates.length < 2) return candidates[0];
  return live || hashes(config) ? group.peek(key) : undefined;
}

function pickOf(
  config: UpstreamConfig,
  group: UpstreamGroup,
  marks: RequestMarks,
  live: boolean,
): Pick<ExplainedUpstream, 'picked' | 'reason'> {
  const { session } = marks;
  const own = session === undefined ? undefined : group.memberOf(session);
  if (own?.hasRoom === true) return { picked: own.backend.name, reason: 'the client belongs to it' };
  const candidates = group.members.filter(isCandidate);
  if (candidates.length === 0) return { reason: withoutCandidates(config, group) };
  const picked = likelyMember(config, group, marks, live)?.backend.name;
  if (picked !== undefined) {
    if (candidates.length === 1) return { picked, reason: 'the only candidate' };
    if (hashes(config)) return { picked, reason: 'the key leads to it' };
    return { picked, reason: 'its turn now, unless another request takes it' };
  }
  if (hashes(config)) return { reason: 'the request has nothing to hash, so chance decides' };
  const isByChance = DRAWING_ALGORITHMS.has(config.load_balancer.algorithm);
  return { reason: isByChance ? 'chance decides' : 'depends on what ran before' };
}

function withoutCandidates({ queue }: UpstreamConfig, { members }: UpstreamGroup): string {
  const mayWait = queue.max_size > 0 && members.some(({ up, weight }) => up && weight > 0);
  return mayWait
    ? `no candidate now: the request waits for up to ${formatDuration(queue.timeout)}`
    : 'no candidate: the request is refused';
}

function hashes({ load_balancer: { algorithm } }: UpstreamConfig): boolean {
  return HASHING_ALGORITHMS.has(algorithm);
}

function isCandidate(member: Member): boolean {
  return member.weight > 0 && member.available;
}

function explainBackend(
  { health_check: check }: UpstreamConfig,
  member: Member,
  live: boolean,
): ExplainedBackend {
  const { backend, weight } = member;
  const candidate = isCandidate(member);
  const isChecked = check?.enabled === true;
  const health = !isChecked ? 'unchecked' : !live ? 'unknown' : member.sound ? 'healthy' : 'unhealthy';
  return {
    name: backend.name,
    address: backend.address,
    weight,
    ...(member.effectiveWeight === weight ? {} : { effective_weight: member.effectiveWeight }),
    candidate,
    ...(candidate ? {} : { reason: reasonAgainst(member) }),
    health,
    active: backend.active,
    max_connections: Number.isFinite(member.maxConnections) ? member.maxConnections : 0,
  };
}

function reasonAgainst(member: Member): string {
  if (member.weight === 0) return 'its weight is 0';
  if (!member.up || member.breaker?.hasRoom === false) return reasonOfState(member);
  if (member.active >= member.maxConnections) return `at its limit of ${member.maxConnections} connections`;
  const { requests } = member;
  if (requests?.hasRoom === false)
    return `at its limit of ${Math.min(requests.max, requests.adaptive?.limit ?? requests.max)} requests`;
  return 'all sockets of its pool are in use';
}

/** Why the state of a member keeps it from requests. */
function reasonOfState({ health, standing, ejection, breaker, state }: Member): string {
  const { hand } = standing;
  if (hand !== undefined && hand.state !== 'healthy')
    return `set to ${hand.state} by an operator${hand.reason === undefined ? '' : `: ${hand.reason}`}`;
  if (state === 'draining' || state === 'maintenance')
    return `${state}, as its agent says: ${health?.agent?.text ?? ''}`;
  if (state === 'open' || state === 'half-open')
    return `its circuit breaker is ${state}${breaker?.reason === undefined ? '' : `: ${breaker.reason}`}`;
  if (state === 'ejected') return `ejected${ejection?.reason === undefined ? '' : `: ${ejection.reason}`}`;
  return health?.lastError === undefined
    ? 'unhealthy: too few checks passed'
    : `unhealthy: ${health.lastError}`;
}
