/**
 * What an operator can set a backend to. `healthy` and `unhealthy` overrule its checks. `draining`: it gets no new clients, but serves those
 * that it has. `maintenance`: it gets nothing.
 */
export type HandWord = 'healthy' | 'unhealthy' | 'draining' | 'maintenance';

/** The state that an operator has set a backend to in one upstream. Plain data. */
export interface HandState {
  readonly state: HandWord;
  /** In the operator's words. */
  readonly reason: string | undefined;
  /** ms since 1970. */
  readonly sinceMs: number;
}

/** A backend in an upstream, and what it was set to. Plain data. */
export interface HandEntry {
  readonly upstream: string;
  readonly backend: string;
  readonly state: HandState;
}
