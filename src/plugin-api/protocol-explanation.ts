import type { Backend } from './backend.ts';

/** A field of a message head: name and value. */
export type ExplainedField = readonly [name: string, value: string];

/** A request whose way somebody wants to know. Nothing of it is ever sent, counted or logged. */
export interface ExplainRequest {
  readonly method: string;
  /** As a client would write it: path and query, a whole URL, or `*`. Text of bytes (latin1). */
  readonly target: string;
  /** In their order, `Host` among them. Text of bytes (latin1). */
  readonly fields: readonly ExplainedField[];
  /** The client's address. */
  readonly remoteAddress: string;
  /** The address that the client called. */
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * Stands in for `acquire`: the backend that the upstream of that name would give for a key, or one with a name that says
   * that nobody can know.
   */
  readonly pick: (upstream: string, key: string | undefined) => Backend;
}

/** What a protocol would do with a request, without having done it. */
export interface ProtocolExplanation {
  /** Its rules (HTTP: routes) in the order in which they are looked at, up to the one that takes the request. */
  readonly rules: readonly ExplainedRule[];
  /**
   * Names of the filters that would be asked about the request, in their order; absent when there are none. They are not asked: what
   * they would decide is not known.
   */
  readonly filters?: readonly string[];
  /** What the protocol answers by itself; absent when the request is forwarded. */
  readonly answer?: ExplainedAnswer;
  /** Where it is forwarded to; absent when it is answered. */
  readonly forwarded?: ExplainedForward;
}

/** One rule that was looked at. */
export interface ExplainedRule {
  /** Its name; '' for what takes all that no rule takes. */
  readonly name: string;
  /** Whether all conditions hold, so that it takes the request. */
  readonly matches: boolean;
  readonly conditions: readonly ExplainedCondition[];
}

/** One condition of a rule, and what the request has. */
export interface ExplainedCondition {
  /** What the rule looks at, as in its config: `host`, `path_prefix`, `header X-Beta`. */
  readonly of: string;
  readonly wanted: string;
  /** What the request has; absent when it has nothing of the kind. */
  readonly got?: string;
  readonly holds: boolean;
}

/** An answer that needs no backend. */
export interface ExplainedAnswer {
  readonly status: number;
  /** In a few words. */
  readonly reason: string;
  /** Where a path is refused because backends may read it in several ways: these, first the one that rules compare. */
  readonly readings?: readonly ExplainedReading[];
}

/** One way to read a path, and where it leads. */
export interface ExplainedReading {
  /** In visible ASCII; all else is percent-encoded. */
  readonly path: string;
  /** The rule that takes it; '' for what takes all that no rule takes. Absent when none does. */
  readonly rule?: string;
}

/** Where a request is forwarded to, and with which changes. */
export interface ExplainedForward {
  /** Name of the upstream. */
  readonly upstream: string;
  /** The key for a hashing balancer; absent when it needs none or the request has none. */
  readonly key?: string;
  /** The client as logs, header variables and balancers see it. */
  readonly clientAddress: string;
  /** The head that the backend would get; absent where bytes are passed on as they are. */
  readonly message?: ExplainedMessage;
  /** What the config changes about the response's head. */
  readonly response?: ExplainedEdits;
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
  /** Names of fields that are taken out, in lower case. */
  readonly removed: readonly string[];
  /** Fields that are put in. */
  readonly added: readonly ExplainedField[];
}
