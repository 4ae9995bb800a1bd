import type { AgentCheck } from '../../config/schema/config.generated.ts';
import { formatAddress, type Address } from '../../config/values/address.ts';
import { parseByteText } from '../../config/values/byte-text.ts';
import { RefCountedMap, type Ref } from '../../net/resources/ref-counted-map.ts';
import type { AgentSays } from '../../readings/upstreams/health.ts';
import type { CheckParts } from '../watch/check-parts.ts';
import { CheckWatches, placeOf } from '../watch/check-watches.ts';
import type { CheckedBackend } from '../watch/health-feed.ts';
import { AgentMonitor, isSame } from './agent-monitor.ts';
import { startAgentProbe } from './agent-probe.ts';

/** A backend whose agent is asked in one way for one upstream. */
export interface AgentChecked {
  /** The upstream and the address of the backend. */
  readonly place: string;
  readonly monitor: AgentMonitor;
  readonly watches: CheckWatches;
}

/** The agents of all backends. With other settings it still counts what the agent of the same upstream and address said before. */
export class AgentChecks {
  readonly #parts: CheckParts;
  readonly #checked = new RefCountedMap<AgentChecked>((checked) => {
    this.#end(checked);
  });
  /** By upstream and address. */
  readonly #monitors = new Map<string, Set<AgentMonitor>>();

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  /** What asks the agent of a backend, which begins if nobody else has it. */
  refer(backend: CheckedBackend, agent: AgentCheck, key: string): Ref<AgentChecked> {
    const place = placeOf(backend);
    return this.#checked.refer(`${place} ${key}`, () => this.#begin(place, backend, agent));
  }

  #begin(place: string, { upstream, target }: CheckedBackend, agent: AgentCheck): AgentChecked {
    const { names, turns, pacer } = this.#parts;
    const watches = new CheckWatches();
    const monitors = this.#monitors.get(place) ?? new Set();
    const send = agent.send === undefined ? undefined : parseByteText(agent.send);
    const probeTarget = {
      address: agentAddress(agent, target),
      names,
      turn: { next: 0 },
      timeoutMs: agent.timeout,
    };
    const monitor = new AgentMonitor({
      intervalMs: agent.interval,
      ask: (answered) => startAgentProbe(probeTarget, send, answered),
      turns,
      known: [...monitors].find(({ says }) => says.atMs !== undefined)?.says,
      onChange: (says, before) => {
        this.#changed(upstream, formatAddress(target), watches, says, before);
      },
      onTrouble: (error) => {
        this.#tellTrouble(upstream, formatAddress(target), watches, error);
      },
    });
    this.#monitors.set(place, monitors.add(monitor));
    pacer.add(monitor);
    return { place, monitor, watches };
  }

  #end({ place, monitor }: AgentChecked): void {
    monitor.destroy();
    const monitors = this.#monitors.get(place);
    monitors?.delete(monitor);
    if (monitors?.size === 0) this.#monitors.delete(place);
  }

  /** One line when an agent falls silent and one when it speaks again, as a backend whose agent is silent keeps its last state. */
  #tellTrouble(upstream: string, address: string, watches: CheckWatches, error: string | undefined): void {
    const { logger } = this.#parts;
    for (const backend of watches.names) {
      const fields = { upstream, backend, address };
      if (error === undefined) logger.info('agent answers again', fields);
      else logger.warn('agent gives no answer: what it said last counts', { ...fields, reason: error });
    }
  }

  #changed(
    upstream: string,
    address: string,
    watches: CheckWatches,
    says: AgentSays,
    before: AgentSays,
  ): void {
    const { logger, observer } = this.#parts;
    const state = says.isDown ? 'down' : says.admin === 'ready' ? 'up' : says.admin;
    for (const backend of watches.names) {
      const weight = Math.round(says.share * 100);
      const limit = says.maxConnections === undefined ? {} : { max_connections: says.maxConnections };
      const fields = {
        upstream,
        backend,
        address,
        state,
        weight_percent: weight,
        ...limit,
        agent: says.text,
      };
      // A first answer that changes nothing of what a backend counts as without its agent is no news.
      if (!isSame(says, before)) {
        const message =
          before.atMs === undefined
            ? 'agent says for the first time how its backend is'
            : 'agent changed the state of its backend';
        if (state === 'up') logger.info(message, fields);
        else logger.warn(message, fields);
      }
      if (says.isDown === before.isDown) continue;
      const reason = `its agent says: ${says.text ?? ''}`;
      observer?.healthChanged({ upstream, backend, address, healthy: !says.isDown, reason });
    }
    watches.tell();
  }
}

/** Agents listen at the host of their backend, unless the config names another one. */
function agentAddress({ hostname, port }: AgentCheck, target: Address): Address {
  if (hostname !== undefined) return { kind: 'tcp', host: hostname, port };
  return { kind: 'tcp', host: target.kind === 'unix' ? '127.0.0.1' : target.host, port };
}
