/** What the command reads of `GET /backends`: see the endpoint in the description of the admin API. */
export interface BackendsAnswer {
  readonly backends: readonly AnsweredBackend[];
}

export interface AnsweredBackend {
  readonly name: string;
  readonly address: string;
  readonly active: number;
  readonly upstreams: readonly AnsweredMember[];
}

/** A backend in one upstream. */
export interface AnsweredMember {
  readonly name: string;
  readonly weight: number;
  readonly effective_weight: number;
  readonly state: string;
  /** Absent, as {@link reason}, where the proxy is of an earlier version than the command. */
  readonly since?: string | null;
  readonly reason?: string | null;
  readonly circuit_breaker: { readonly state: string } | null;
}
