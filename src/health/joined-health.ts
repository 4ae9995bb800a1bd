import type { AgentSays, CheckProgress } from '../readings/upstreams/health.ts';
import type { MemberHealth } from '../upstream/group/member.ts';
import type { AgentMonitor } from './agent/agent-monitor.ts';
import type { HealthMonitor } from './health-monitor.ts';

/** What the active checks and the agent of a backend say together. */
export class JoinedHealth implements MemberHealth {
  readonly #monitor: HealthMonitor | undefined;
  readonly #agent: AgentMonitor | undefined;

  constructor(monitor: HealthMonitor | undefined, agent: AgentMonitor | undefined) {
    this.#monitor = monitor;
    this.#agent = agent;
  }

  get healthy(): boolean {
    return this.#monitor?.healthy !== false && this.#agent?.says.isDown !== true;
  }

  get changedAtMs(): number | undefined {
    return this.#monitor?.changedAtMs;
  }

  /** Without active checks, an agent that says `up` stands for them. */
  get lastCheckAtMs(): number | undefined {
    return this.#monitor === undefined ? this.#agent?.says.upAtMs : this.#monitor.lastCheckAtMs;
  }

  get lastError(): string | undefined {
    const says = this.#agent?.says;
    return says?.isDown === true ? `its agent says: ${says.text ?? ''}` : this.#monitor?.lastError;
  }

  get progress(): CheckProgress | undefined {
    return this.#monitor?.progress;
  }

  get agent(): AgentSays | undefined {
    return this.#agent?.says;
  }
}
