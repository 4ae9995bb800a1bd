/** What becomes of a connection. `C` is what the caller knows of a certificate. */
export type SniChoice<C> =
  | { readonly kind: 'terminate'; readonly context: C }
  | { readonly kind: 'pass'; readonly upstream: string }
  | { readonly kind: 'refuse' };

/** The names of a listener, all in lower case and without a dot at the end; `*.` stands for one label. */
export interface SniRules<C> {
  /** The names of the certificates. */
  readonly certificates: Iterable<readonly [name: string, context: C]>;
  /** For clients that name no host, or one that is in no list; undefined when nothing is decrypted. */
  readonly defaultCertificate: C | undefined;
  /** Whether these clients are refused instead, where {@link defaultUpstream} does not take them. */
  readonly isStrict: boolean;
  /** The names that are passed on undecrypted. For a name that a certificate has too, the route counts. */
  readonly routes: Iterable<SniTarget>;
  /** `sni.default`: takes all clients that neither a route nor a certificate has the name of. */
  readonly defaultUpstream: string | undefined;
  /** The listener's own upstream: takes these clients when nothing is decrypted and there is no {@link defaultUpstream}. */
  readonly ownUpstream: string | undefined;
}

/** A name, and the upstream that its connections are passed on to. */
export interface SniTarget {
  readonly name: string;
  readonly upstream: string;
}

/**
 * What becomes of connections by the host name that the client asks for. An exact name comes before a wildcard, a wildcard before the
 * defaults. Never changed after it was made.
 */
export class SniTable<C> {
  readonly #exact = new Map<string, SniChoice<C>>();
  /** By what follows `*.`. */
  readonly #wildcards = new Map<string, SniChoice<C>>();
  readonly #fallback: SniChoice<C>;

  constructor(rules: SniRules<C>) {
    for (const [name, context] of rules.certificates) this.#add(name, { kind: 'terminate', context });
    for (const { name, upstream } of rules.routes) this.#add(name, { kind: 'pass', upstream });
    this.#fallback = fallbackOf(rules);
  }

  /**
   * Never makes a new object.
   *
   * @param asked.sni in lower case, without a dot at its end; undefined when the client names no host
   */
  decide({ sni }: { readonly sni: string | undefined }): SniChoice<C> {
    if (sni === undefined) return this.#fallback;
    return this.#exact.get(sni) ?? this.#wildcards.get(domainOf(sni)) ?? this.#fallback;
  }

  /** The name of the table that a client's name meets, for people; undefined when it meets none. */
  nameFor(sni: string | undefined): string | undefined {
    if (sni === undefined || this.#exact.has(sni)) return sni;
    const domain = domainOf(sni);
    return this.#wildcards.has(domain) ? `*.${domain}` : undefined;
  }

  #add(name: string, choice: SniChoice<C>): void {
    if (name.startsWith('*.')) this.#wildcards.set(name.slice(2), choice);
    else this.#exact.set(name, choice);
  }
}

/** The name without its first label; '' when it has only one, which no wildcard has. */
function domainOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

function fallbackOf<C>(rules: SniRules<C>): SniChoice<C> {
  const { defaultCertificate, isStrict, defaultUpstream, ownUpstream } = rules;
  if (defaultUpstream !== undefined) return { kind: 'pass', upstream: defaultUpstream };
  if (defaultCertificate !== undefined)
    return isStrict ? { kind: 'refuse' } : { kind: 'terminate', context: defaultCertificate };
  return ownUpstream === undefined ? { kind: 'refuse' } : { kind: 'pass', upstream: ownUpstream };
}
