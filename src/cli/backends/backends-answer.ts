/** What the command reads of `GET /backends`: see the endpoint in the description of the admin API. */
export interface BackendsAnswer {
  readonly backends: readonly AnsweredBackend[];
}

export interface AnsweredBackend {
  readonly name: string;
  readonly address: string;
  readonly active: number;
  readonly reason: string | null;
  readonly connects: {
    readonly failing: boolean;
    readonly since: string | null;
    readonly error: string | null;
  };
  readonly upstreams: readonly AnsweredMember[];
}

/** A backend in one upstream. */
export interface AnsweredMember {
  readonly name: string;
  readonly weight: number;
  readonly state: string;
  readonly by_hand: AnsweredPart | null;
  readonly ejection: (AnsweredPart & { readonly left_seconds: number }) | null;
  readonly circuit_breaker: AnsweredPart | null;
}

interface AnsweredPart {
  readonly since: string | null;
  readonly reason: string | null;
}
