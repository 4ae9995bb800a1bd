import type { Backend } from './backend.ts';
import type { TlsSession } from './transport.ts';

/** A field of a message head: name and value. */
export type ExplainedField = readonly [name: string, value: string];

/** A request to be explained. It is never sent, counted or logged. */
export interface ExplainRequest {
  readonly method: string;
  /** As a client would write it: path and query, a whole URL, or `*`. Text of bytes (latin1). */
  readonly target: string;
  /** In their order, `Host` among them. Text of bytes (latin1). */
  readonly fields: readonly ExplainedField[];
  /** The client's address. */
  readonly remoteAddress: string;
  /** The address and port that the client would connect to. */
  readonly localAddress: string;
  readonly localPort: number;
  /** What TLS would agree on with the client, as far as it is known; absent or undefined for a connection that is not encrypted. */
  readonly tls?: TlsSession | undefined;
  /**
   * Used in place of `Upstream.acquire`: returns the backend that the upstream of that name would give for a key. When the choice can't be
   * known, the name of the returned backend says so.
   */
  readonly pick: (upstream: string, key: string | undefined, session?: string) => Backend;
}

/** What a protocol would do with a request. */
export interface ProtocolExplanation {
  /** Its rules (HTTP: routes) in the order in which they are checked, up to the rule that takes the request. */
  readonly rules: readonly ExplainedRule[];
  /**
   * Names of the filters that would see the request, in their order; absent when there are none. They are not called, so their decisions
   * are not known.
   */
  readonly filters?: readonly string[];
  /** The answer of the protocol itself; absent when the request is forwarded. */
  readonly answer?: ExplainedAnswer;
  /** Where the request is forwarded to; absent when the protocol itself answers. */
  readonly forwarded?: ExplainedForward;
}

/** One rule that was checked. */
export interface ExplainedRule {
  /** Its name; '' for the listener's own upstream, which takes requests that no rule takes. */
  readonly name: string;
  /** Whether all conditions hold, so that it takes the request. */
  readonly matches: boolean;
  readonly conditions: readonly ExplainedCondition[];
}

/** One condition of a rule, and what the request has. */
export interface ExplainedCondition {
  /** The checked part of the request, as the config names it: `host`, `path_prefix`, `header X-Beta`. */
  readonly of: string;
  /** The value that the rule asks for. */
  readonly wanted: string;
  /** The value of the request; absent when it has none. */
  readonly got?: string;
  /** Whether the request meets the condition. */
  readonly holds: boolean;
}

/** An answer that needs no backend. */
export interface ExplainedAnswer {
  readonly status: number;
  /** Why the protocol answers so, in a few words. */
  readonly reason: string;
  /** When the path is refused because backends may read it in several ways: these ways, first the one that rules compare. */
  readonly readings?: readonly ExplainedReading[];
}

/** One way to read a path, and where it leads. */
export interface ExplainedReading {
  /** In visible ASCII; all else is percent-encoded. */
  readonly path: string;
  /** The rule that takes it; '' for the listener's own upstream. Absent when no rule takes it. */
  readonly rule?: string;
}

/** Where a request is forwarded to, and with which changes. */
export interface ExplainedForward {
  /** Name of the upstream. */
  readonly upstream: string;
  /** The key for a hashing balancer; absent when the balancer needs none, or the request has none. */
  readonly key?: string;
  /** The value of the cookie that keeps the client at its backend; absent when the upstream has none, or the client. */
  readonly session?: string;
  /** The client as logs, header variables and balancers see it. */
  readonly clientAddress: string;
  /** The head that the backend would get; absent when the protocol passes bytes on unchanged. */
  readonly message?: ExplainedMessage;
  /** The changes that the config makes to the head of the response. */
  readonly response?: ExplainedEdits;
  /** How it is tried again, if it fails; absent when the protocol tries nothing again, or its upstream has no settings for that. */
  readonly tries?: ExplainedTries;
  /** Who gets a copy of it; absent when nobody does. */
  readonly mirror?: ExplainedMirror;
}

/** How a request is tried again. */
export interface ExplainedTries {
  /** Undefined when it is sent to one backend only. */
  readonly retry: ExplainedRetry | undefined;
  /** After how many ms a second try begins beside the first one; undefined: never. */
  readonly hedgeAfterMs: number | undefined;
  /** Whether the request may be sent again although a backend may have executed it already. */
  readonly repeats: boolean;
  /** Whether the rule that takes the request has settings of its own for that. */
  readonly byRule: boolean;
}

/** The rules by which a failed request is tried again, as the keys of the config have them. */
export interface ExplainedRetry {
  /** With the first try. */
  readonly max_attempts: number;
  readonly on: readonly string[];
  /** 0: only the `read` timeout of the upstream counts. */
  readonly per_try_timeout_ms: number;
  /** In bytes. A request with a longer body is sent once. */
  readonly body_limit: number;
}

/** A mirror, and how many of the requests it gets. */
export interface ExplainedMirror {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly percent: number;
  /** Requests with longer bodies are not copied. */
  readonly body_limit: number;
}

/** The head of a message. */
export interface ExplainedMessage {
  /** The first line, without its line break. */
  readonly start: string;
  /** In their order. */
  readonly fields: readonly ExplainedField[];
}

/** What is changed about the fields of a head. */
export interface ExplainedEdits {
  /** Names of removed fields, in lower case. */
  readonly removed: readonly string[];
  /** Fields that are added. */
  readonly added: readonly ExplainedField[];
}
