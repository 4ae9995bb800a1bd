import type { ServerContext } from '../contexts/server-contexts.ts';

/** What becomes of a connection. */
export type SniDecision =
  | { readonly kind: 'terminate'; readonly context: ServerContext }
  /** The bytes go to an upstream as they are; undefined: to the listener's own. */
  | { readonly kind: 'pass'; readonly upstream: string | undefined }
  /** No certificate has the name: the client gets the alert `unrecognized_name`. */
  | { readonly kind: 'refuse' };

/** What a decision is made by. A `ClientHello` has it. */
export interface AskedName {
  /** In lower case, without a dot at its end; undefined when the client names no host. */
  readonly sni: string | undefined;
  /** True when the ClientHello may hide another name (RFC 9849). */
  readonly ech: boolean;
}

/** Decides by the name that a client asks for. Must not throw. */
export interface SniDecider {
  decide(asked: AskedName): SniDecision;
}
