import { ActiveChecks } from './active-checks.ts';
import { AgentChecks } from './agent/agent-checks.ts';
import type { HealthBoardOptions } from './watch/check-parts.ts';
import { CheckTurns } from './pace/check-turns.ts';
import type { CheckedBackend, HealthFeed, WatchedHealth } from './watch/health-feed.ts';
import { JoinedHealth } from './joined-health.ts';
import { StartPacer } from './pace/start-pacer.ts';

/**
 * Checks backends, and asks their agents, as long as somebody watches them. All who watch an address for the same upstream share the checks if
 * these are the same.
 */
export class HealthBoard implements HealthFeed {
  readonly #active: ActiveChecks;
  readonly #agents: AgentChecks;

  constructor(options: HealthBoardOptions) {
    const parts = { ...options, turns: new CheckTurns(), pacer: new StartPacer() };
    this.#active = new ActiveChecks(parts);
    this.#agents = new AgentChecks(parts);
  }

  watch(backend: CheckedBackend, changed: () => void): WatchedHealth {
    const { active, agent, agentKey } = backend.check;
    const checked = active && this.#active.refer(backend, active);
    const asked = agent && this.#agents.refer(backend, agent, agentKey);
    const watch = { name: backend.name, changed };
    const references = [checked, asked].filter((reference) => reference !== undefined);
    for (const { value } of references) value.watches.add(watch);
    const monitor = checked?.value.monitor;
    return {
      health:
        monitor !== undefined && asked === undefined
          ? monitor
          : new JoinedHealth(monitor, asked?.value.monitor),
      noteTraffic: () => monitor?.noteTraffic(),
      release: () => {
        for (const reference of references) {
          reference.value.watches.delete(watch);
          reference.release();
        }
      },
    };
  }
}
