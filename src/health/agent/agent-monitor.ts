import type { AgentSays } from '../../readings/upstreams/health.ts';
import { CheckTimer } from '../pace/check-timer.ts';
import type { CheckTurn, CheckTurns } from '../pace/check-turns.ts';
import type { Probe } from '../probe/probe-socket.ts';
import { agentReply, saysAnything, type AgentReply } from './agent-reply.ts';

/** Asks the agent once. Tells its answer, or why none came; never before it has returned. */
export type AskAgent = (answered: (line: string | undefined, failure: string | undefined) => void) => Probe;

export interface AgentMonitorOptions {
  readonly intervalMs: number;
  readonly ask: AskAgent;
  readonly turns: CheckTurns;
  /** What an agent with other settings said of the same backend. Default: nothing. */
  readonly known?: AgentSays | undefined;
  /** Called when what the agent says of the backend has changed. Must not throw. */
  readonly onChange: (says: AgentSays, before: AgentSays) => void;
  /** Called when the agent stops to give answers that are understood, with the reason, and when it does so again. Must not throw. */
  readonly onTrouble?: (error: string | undefined) => void;
  /** Chance in [0, 1) for the jitter. Default: `Math.random`. */
  readonly chance?: () => number;
}

/** A backend counts as this until its agent says otherwise. */
export const NOTHING_SAID: AgentSays = {
  admin: 'ready',
  isDown: false,
  share: 1,
  maxConnections: undefined,
  upAtMs: undefined,
  sinceMs: undefined,
  text: undefined,
  atMs: undefined,
  error: undefined,
};

/** Asks the agent of one backend again and again. An agent that does not answer, or says nothing that is understood, changes nothing. */
export class AgentMonitor {
  readonly #options: AgentMonitorOptions;
  readonly #timer: CheckTimer;
  #state: 'new' | 'running' | 'destroyed' = 'new';
  #says: AgentSays;
  #turn: CheckTurn | undefined;
  #probe: Probe | undefined;

  constructor(options: AgentMonitorOptions) {
    const { known = NOTHING_SAID, chance = Math.random } = options;
    this.#options = options;
    this.#says = known;
    this.#timer = new CheckTimer(() => this.#check(), chance);
  }

  /** Replaced, never changed. */
  get says(): AgentSays {
    return this.#says;
  }

  /** Asks for the first time as soon as it is its turn. Without effect when it was started or destroyed before. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#check();
  }

  /** Stops at once. What the agent said does not change any more. */
  destroy(): void {
    this.#state = 'destroyed';
    this.#timer.destroy();
    this.#probe?.destroy();
    this.#probe = undefined;
    this.#turn?.end();
  }

  #check(): void {
    this.#turn = this.#options.turns.ask(() => {
      this.#probe = this.#options.ask((line, failure) => {
        if (this.#state === 'destroyed') return;
        this.#probe = undefined;
        this.#turn?.end();
        this.#take(line === undefined ? undefined : agentReply(line), failure);
        this.#timer.schedule(this.#options.intervalMs);
      });
    });
  }

  #take(reply: AgentReply | undefined, failure: string | undefined): void {
    const before = this.#says;
    if (reply === undefined || !saysAnything(reply)) {
      const error = failure ?? `its answer is not understood: ${JSON.stringify(reply?.text ?? '')}`;
      this.#says = { ...before, error };
      if (before.error === undefined) this.#options.onTrouble?.(error);
      return;
    }
    const nowMs = Date.now();
    const isDown = reply.operational === undefined ? before.isDown : reply.operational === 'down';
    const heldUpAtMs = isDown ? undefined : before.upAtMs;
    const says: AgentSays = {
      admin: reply.admin ?? before.admin,
      isDown,
      share: reply.share ?? before.share,
      maxConnections: reply.maxConnections ?? before.maxConnections,
      upAtMs: reply.operational === 'up' ? nowMs : heldUpAtMs,
      sinceMs: before.sinceMs,
      text: reply.text,
      atMs: nowMs,
      error: undefined,
    };
    const isNews = before.sinceMs === undefined || !isSame(says, before);
    this.#says = isNews ? { ...says, sinceMs: nowMs } : says;
    if (before.error !== undefined) this.#options.onTrouble?.(undefined);
    if (isOther(says, before)) this.#options.onChange(this.#says, before);
  }
}

/** Whether a backend may get other requests than before; the words alone do not count. */
export function isOther(says: AgentSays, before: AgentSays): boolean {
  const isFirstUp = before.upAtMs === undefined && says.upAtMs !== undefined;
  return isFirstUp || !isSame(says, before);
}

/** Whether an agent says the same of state, share and connections. */
export function isSame(says: AgentSays, before: AgentSays): boolean {
  return (
    says.admin === before.admin &&
    says.isDown === before.isDown &&
    says.share === before.share &&
    says.maxConnections === before.maxConnections
  );
}
