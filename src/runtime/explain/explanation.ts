import type {
  ExplainedAnswer,
  ExplainedEdits,
  ExplainedField,
  ExplainedRule,
} from '../../plugin-api/index.ts';

/**
 * The way of a request through a proxy, found out without sending it: the answer of `POST /explain`, and of
 * `balance explain --json`. Values of headers with credentials are masked.
 */
export interface Explanation {
  /** False when it comes from a config file alone: health, load and whose turn it is are not known then. */
  readonly live: boolean;
  /** Number of the live generation. */
  readonly generation?: number;
  readonly request: ExplainedRequest;
  readonly listener: ExplainedListener;
  /** The routes in the order in which they are looked at, up to the one that takes the request. */
  readonly routes: readonly ExplainedRule[];
  /** The route that takes it; '' when no route does and the listener's own upstream gets it. Absent when it is not forwarded. */
  readonly route?: string;
  /** What the proxy answers by itself. Absent when the request is forwarded. */
  readonly answer?: ExplainedAnswer;
  /** What the backend would get. Absent where bytes are passed on as they are. */
  readonly forwarded?: ForwardedRequest;
  /** What transforms change about the response. */
  readonly response?: ExplainedEdits;
  readonly upstream?: ExplainedUpstream;
  /** What else is worth knowing. */
  readonly notes: readonly string[];
}

export interface ExplainedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly ExplainedField[];
  /** The address of the connection's other end. */
  readonly from: string;
  /** The client as logs, header variables and balancers see it: behind trusted proxies, the one that they name. */
  readonly client: string;
}

export interface ExplainedListener {
  readonly name: string;
  readonly address: string;
  readonly mode: string;
  /** Why this one. */
  readonly reason: string;
}

/** The head of the request as the backend gets it. `<request id>` and the like stand for what is made up each time. */
export interface ForwardedRequest {
  readonly line: string;
  readonly headers: readonly ExplainedField[];
  /** What differs from the client's request. */
  readonly changes: ForwardedChanges;
}

export interface ForwardedChanges {
  /** The target before and after; absent when it stays. */
  readonly target?: { readonly before: string; readonly after: string };
  /** Fields that the client sent and the backend does not get, or not with this value. */
  readonly removed: readonly ExplainedField[];
  readonly added: readonly ExplainedField[];
}

export interface ExplainedUpstream {
  readonly name: string;
  readonly algorithm: string;
  /** What is hashed. Absent for algorithms that hash nothing. */
  readonly hash_key?: { readonly from: string; readonly value?: string };
  readonly backends: readonly ExplainedBackend[];
  /** Name of the backend that would get the request; absent when that can't be said. */
  readonly picked?: string;
  /** Why that one, or why nobody can say. */
  readonly reason: string;
}

export interface ExplainedBackend {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  /** Whether the balancer may choose it. */
  readonly candidate: boolean;
  /** Why not. */
  readonly reason?: string;
  /** `unchecked` without a health check, `unknown` without a running proxy. */
  readonly health: 'healthy' | 'unhealthy' | 'unchecked' | 'unknown';
  /** Leases that run on it now. */
  readonly active: number;
  /** 0: no limit. */
  readonly max_connections: number;
}
