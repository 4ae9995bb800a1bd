import type { ListenerRoutes } from '../../../readings/listener.ts';
import type { UpstreamDetails } from '../../../readings/upstreams/backend.ts';
import type {
  ClientTableReading,
  QueueReading,
  RetryBudgetReading,
  UpstreamReading,
} from '../../../readings/upstreams/upstream.ts';
import type { SessionTable } from '../../../upstream/stickiness/session-table.ts';
import type { Generation } from '../../generation/generation.ts';
import { UpstreamRetryBudget } from '../../../upstream/recovery/retry-budget.ts';
import { panicPercentOf } from '../../upstreams/standing-rules.ts';
import type { SharedUpstream } from '../../upstreams/shared-upstream.ts';

/** The upstreams of a generation and the state of their members. */
export function upstreamReadings(generation: Generation | undefined): UpstreamReading[] {
  return [...(generation?.upstreams.values() ?? [])].map((upstream) => ({
    upstream: upstream.name,
    servesRequests: upstream.isUsedFor('keep-alive'),
    panics: panicsIn(upstream),
    retryBudget: budgetReading(upstream),
    members: upstream.members.map((member) => ({
      backend: member.backend.name,
      weight: member.weight,
      effectiveWeight: member.effectiveWeight,
      state: member.state,
      isEjected: member.ejection?.isOut,
      breaker: member.breaker?.state,
      adaptiveLimit: member.requests?.adaptive?.limit,
    })),
    clients: tableReading(upstream.sessions?.value),
  }));
}

/** The upstreams of a generation as wholes. */
export function upstreamDetails(generation: Generation | undefined): UpstreamDetails[] {
  return Array.from(generation?.upstreams.values() ?? [], (upstream) => ({
    name: upstream.name,
    panics: panicsIn(upstream),
    clients: tableReading(upstream.sessions?.value),
  }));
}

function panicsIn({ config, members }: SharedUpstream): boolean | undefined {
  return panicPercentOf(config) === 0 ? undefined : members.some(({ panics }) => panics);
}

function budgetReading({ group: { recovery } }: SharedUpstream): RetryBudgetReading | undefined {
  const budget = recovery?.budget;
  if (!(budget instanceof UpstreamRetryBudget)) return undefined;
  return { used: budget.used, size: budget.size };
}

function tableReading(table: SessionTable | undefined): ClientTableReading | undefined {
  return table && { size: table.size, used: table.used, forgotten: table.forgotten };
}

/** The queues of these generations. An upstream that several of them share counts once. */
export function queueReadings(
  generations: Iterable<{
    readonly upstreams: ReadonlySet<SharedUpstream> | ReadonlyMap<string, SharedUpstream>;
  }>,
): QueueReading[] {
  const upstreams = new Set<SharedUpstream>();
  for (const generation of generations) {
    for (const upstream of generation.upstreams.values()) upstreams.add(upstream);
  }
  return Array.from(upstreams, ({ name, group }) => ({ upstream: name, waiting: group.waiting }));
}

/** The routes of a generation by listener. Protocols other than HTTP and TCP do not tell theirs. */
export function routeReadings(generation: Generation | undefined): ListenerRoutes[] {
  return (generation?.config.listeners ?? []).map(({ name: listener, mode, http, upstream }) => {
    // TCP counts tunnels, not requests.
    if (mode === 'tcp') return { listener, routes: [] };
    if (http === undefined) return { listener, routes: undefined };
    const names = http.routes.map((route) => route.name);
    return { listener, routes: upstream === undefined ? names : [...names, 'default'] };
  });
}
