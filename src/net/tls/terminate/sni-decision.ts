import type { ClientHello } from '../client-hello/client-hello.ts';
import type { ServerContext, ServerContexts } from '../contexts/server-contexts.ts';

/** What becomes of a connection. */
export type SniDecision =
  | { readonly kind: 'terminate'; readonly context: ServerContext }
  /** The bytes go to an upstream as they are; undefined: to the listener's own. */
  | { readonly kind: 'pass'; readonly upstream: string | undefined }
  /** No certificate has the name: the client gets the alert `unrecognized_name`. */
  | { readonly kind: 'refuse' };

/** Decides by the ClientHello. Must not throw. */
export interface SniDecider {
  decide(hello: ClientHello): SniDecision;
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

  decide({ sni }: ClientHello): SniDecision {
    const context = this.#isStrict ? this.#contexts.chooseStrictly(sni) : this.#contexts.choose(sni);
    return context === undefined ? REFUSE : { kind: 'terminate', context };
  }
}
