import { DRAWING_ALGORITHMS, HASHING_ALGORITHMS } from '../../config/values/algorithm.ts';
import type { Upstream as UpstreamConfig, UpstreamTls } from '../../config/schema/config.generated.ts';
import { formatDuration } from '../../config/values/units.ts';
import type { Member } from '../../upstream/group/member.ts';
import type { UpstreamGroup } from '../../upstream/group/upstream-group.ts';
import type { ExplainedForward, StickySource } from '../../plugin-api/index.ts';
import { explainBackend, isCandidate } from './explain-backend.ts';
import { explainGroup, explainQueue, panicText } from './explain-group.ts';
import { explainTries } from './explain-tries.ts';
import type { ExplainedSticky, ExplainedBackendTls, ExplainedUpstream } from './explanation.ts';

/** What of a request says which backend it gets. */
export interface RequestMarks {
  /** As `ExplainedForward.key`. */
  readonly key?: string | undefined;
  /** As `ExplainedForward.session`. */
  readonly session?: string | undefined;
}

/** What of a forwarded request its explanation needs. */
export type ForwardMarks = RequestMarks & Pick<ExplainedForward, 'tries' | 'mirror'>;

/** Explains which backend of an upstream a request would get. No backend is contacted, and no balancer changes its state. */
export function explainUpstream(
  config: UpstreamConfig,
  group: UpstreamGroup,
  forward: ForwardMarks,
  live: boolean,
): ExplainedUpstream {
  const { key, session } = forward;
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
    ...explainTries(config, group, forward, live),
    ...(forward.mirror === undefined ? {} : { mirror: forward.mirror }),
    ...explainQueue(config, group, live),
    ...explainGroup(config, group, live),
    ...(group.members.some(({ panics }) => panics) ? { panic: panicText(config) } : {}),
    ...(group.sticky === undefined ? {} : { sticky: explainSticky(group, group.sticky, session) }),
    backends,
    ...pickOf(config, group, { key, session }, live),
  };
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
