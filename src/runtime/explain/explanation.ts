import type {
  ExplainedAnswer,
  ExplainedEdits,
  ExplainedField,
  ExplainedMirror,
  ExplainedRetry,
  ExplainedRule,
} from '../../plugin-api/index.ts';
import type { BreakerState, StateWord } from '../../readings/upstreams/upstream.ts';

/**
 * The way that a request would take through the proxy: the answer of `POST /explain` and of `balance explain --json`. Values of headers that
 * hold credentials are masked.
 */
export interface Explanation {
  /** False when it comes from a config file: then health, load and whose turn it is are unknown. */
  readonly live: boolean;
  /** Number of the live generation. */
  readonly generation?: number;
  readonly request: ExplainedRequest;
  readonly listener: ExplainedListener;
  /** What becomes of the client's TLS connection. Absent when the listener does not speak TLS, or the client does not. */
  readonly tls?: ExplainedTls;
  /** The routes in the order in which they are tried, up to the one that takes the request. */
  readonly routes: readonly ExplainedRule[];
  /** The route that takes the request; '' when no route does and the listener's own upstream gets it. Absent when it is not forwarded. */
  readonly route?: string;
  /** Names of the filters that would be asked about the request, in their order; absent when there are none. */
  readonly filters?: readonly string[];
  /** The answer that the proxy gives by itself. Absent when the request is forwarded. */
  readonly answer?: ExplainedAnswer;
  /** The request that the backend would get. Absent where bytes are passed on unchanged. */
  readonly forwarded?: ForwardedRequest;
  /** The changes that transforms make to the response. */
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
  /** Why this listener gets the request. */
  readonly reason: string;
  /** What connections must begin with; absent when they need no PROXY header. */
  readonly proxy_protocol?: string;
}

/** What a listener does with a TLS connection. */
export interface ExplainedTls {
  /** The host name that the client asks for; absent when it asks for none, as for an IP address. */
  readonly sni?: string;
  /** `terminate`: it is decrypted here. `pass`: it goes to an upstream undecrypted. `refuse`: the client gets an alert. */
  readonly decision: 'terminate' | 'pass' | 'refuse';
  /** What decides so. */
  readonly reason: string;
  /** The upstream that gets it undecrypted. */
  readonly upstream?: string;
  /** The oldest version that the client may use; as for the other keys below, absent when it is not decrypted. */
  readonly min_version?: string;
  readonly max_version?: string;
  /** Whether the client is asked for a certificate: a value of the key `client_auth`. */
  readonly client_auth?: string;
  /** The same as a sentence. */
  readonly client_rule?: string;
  /** The certificates that the client may get: several for one name differ in their kind of key. */
  readonly certificates?: readonly ExplainedCertificate[];
}

/** A certificate that a client may get. */
export interface ExplainedCertificate {
  /** As the config names it. */
  readonly file: string;
  readonly domains: readonly string[];
  /** Whether a client that checks the host of the URL accepts it; absent when the URL names no host. */
  readonly is_for_host?: boolean;
  /** When it begins to be valid (RFC 3339). */
  readonly not_before?: string;
  /** When it expires (RFC 3339). */
  readonly not_after?: string;
  /** Whole days until then; negative when it has expired. */
  readonly days_left?: number;
  /** Why nothing is known about it. */
  readonly problem?: string;
}

/** The head of the request that the backend gets. `<request id>` and the like stand for values that are new in each request. */
export interface ForwardedRequest {
  readonly line: string;
  readonly headers: readonly ExplainedField[];
  /** The differences from the client's request. */
  readonly changes: ForwardedChanges;
}

export interface ForwardedChanges {
  /** The target before and after; absent when it does not change. */
  readonly target?: { readonly before: string; readonly after: string };
  /** Fields of the client that the backend does not get, or gets with another value. */
  readonly removed: readonly ExplainedField[];
  readonly added: readonly ExplainedField[];
}

export interface ExplainedUpstream {
  readonly name: string;
  readonly algorithm: string;
  /** The version of the PROXY header that backends get first; absent when they get none. */
  readonly proxy_protocol?: 'v1' | 'v2';
  /** How backends are spoken to over TLS; absent when they are not. */
  readonly tls?: ExplainedBackendTls;
  /** What is hashed. Absent for algorithms that hash nothing. */
  readonly hash_key?: { readonly from: string; readonly value?: string };
  /** When a failed request is tried again; absent when it is not. */
  readonly retry?: ExplainedRules;
  /** Why a request that failed is not tried again; absent when it is, or when that needs no reason. */
  readonly no_retry?: string;
  /** After how many ms a second try begins beside the first one; absent when there is none. */
  readonly hedge?: { readonly after_ms: number };
  /** What bounds tries beside the first ones, for all requests of the upstream together; absent when there are none. */
  readonly retry_budget?: ExplainedBudget;
  /** Where a copy of the request goes; absent when there is none. */
  readonly mirror?: ExplainedMirror;
  /** How many requests may wait for a backend with room, and how long; absent when none may. */
  readonly queue?: ExplainedQueue;
  /** Which backends come first; absent when all have the same priority and no zone is preferred. */
  readonly group?: ExplainedGroup;
  /** Why the health of backends is ignored now; absent when it counts. */
  readonly panic?: string;
  /** The cookie that keeps clients at their backends, and the backend of the client that asks; absent when there is none. */
  readonly sticky?: ExplainedSticky;
  readonly backends: readonly ExplainedBackend[];
  /** Name of the backend that would get the request; absent when nobody can know it. */
  readonly picked?: string;
  /** Why that backend, or why nobody can know it. */
  readonly reason: string;
}

/** The rules of the upstream, with what its route changes. */
export interface ExplainedRules extends ExplainedRetry {
  /** False when the method forbids to send the request again once a backend may have executed it. */
  readonly repeats: boolean;
  /** Whether the route has settings of its own. */
  readonly by_route: boolean;
}

export interface ExplainedBudget {
  /** Of the requests that run. */
  readonly percent: number;
  /** So many tries may always run. */
  readonly min: number;
  /** So many may run now; absent without a running proxy. */
  readonly allowed?: number;
  /** So many run now; absent without a running proxy. */
  readonly used?: number;
}

export interface ExplainedQueue {
  readonly max_size: number;
  readonly timeout_ms: number;
  /** How many wait now in the worker that answers; absent without a running proxy. */
  readonly waiting?: number;
}

/** As `priority` and `backup` of a backend. */
export type ExplainedPriority = number | 'backup';

/** The backends that get requests now: those of one priority, and of one zone if enough of them are up. */
export interface ExplainedGroup {
  /** Absent when all have the same, or none of any priority is up. */
  readonly priority?: ExplainedPriority;
  /** Absent when all zones share the requests. */
  readonly zone?: string;
  readonly reason: string;
}

export interface ExplainedBackendTls {
  /** The name that the certificates must have; absent when it is the host in the address of each backend. */
  readonly server_name?: string;
  /** False when any certificate is accepted. */
  readonly verify: boolean;
  /** Whether backends that ask for a certificate are shown one. */
  readonly client_certificate: boolean;
  /** The file of that certificate, as the config names it. */
  readonly client_certificate_file?: string;
}

/** How a client is kept at its backend. */
export interface ExplainedSticky {
  readonly type: 'cookie' | 'source' | 'header';
  /** Of the cookie or the header field. */
  readonly name?: string;
  /** The backend that the client belongs to; absent when it may go to any. */
  readonly backend?: string;
}

export interface ExplainedBackend {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  /** The weight that counts now; absent when all of it does. */
  readonly effective_weight?: number;
  /** Whether the balancer may choose it. */
  readonly candidate: boolean;
  /** Why the balancer may not choose it. */
  readonly reason?: string;
  /** What its checks say: `unknown` without a health check, and without a running proxy. */
  readonly health: 'healthy' | 'unhealthy' | 'unknown';
  /** Its state in one word, as `/backends` has it; absent without a running proxy. */
  readonly state?: StateWord;
  /** 0 comes first, and `backup` last. Absent when all backends have the same. */
  readonly priority?: ExplainedPriority;
  readonly zone?: string;
  /** State of its circuit breaker; absent when it has none. */
  readonly breaker?: BreakerState;
  /** Leases that run on it now. */
  readonly active: number;
  /** 0: no limit. */
  readonly max_connections: number;
  /** How many requests it may work on at a time, by `max_requests` and `adaptive_concurrency`; absent when there is no such limit. */
  readonly max_requests?: number;
  /** How many it works on; absent when that is not limited. */
  readonly requests?: number;
}
