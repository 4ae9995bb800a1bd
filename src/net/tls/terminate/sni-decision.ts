import type { ServerContext, ServerContexts } from '../contexts/server-contexts.ts';

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

const REFUSE: SniDecision = { kind: 'refuse' };

/** Decrypts everything, each name with its certificate. */
export class CertificateDecider implements SniDecider {
  readonly #contexts: ServerContexts;
  readonly #isStrict: boolean;

  /** @param isStrict Whether a client that names no host of a certificate is refused; else it gets the default certificate. */
  constructor(contexts: ServerContexts, isStrict: boolean) {
    this.#contexts = contexts;
    this.#isStrict = isStrict;
  }

  decide({ sni }: AskedName): SniDecision {
    const context = this.#isStrict ? this.#contexts.chooseStrictly(sni) : this.#contexts.choose(sni);
    return context === undefined ? REFUSE : { kind: 'terminate', context };
  }
}
