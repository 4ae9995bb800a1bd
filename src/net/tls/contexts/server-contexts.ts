import { constants, createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

import type { TimeSlicer } from '../../../time/time-slicer.ts';
import { ClientAuthPolicy, type ClientAuthSettings } from './client-auth.ts';
import {
  contextOptions,
  credentialOptions,
  type Credential,
  type CryptoSettings,
} from './context-options.ts';
import { RefusedTickets } from './refused-tickets.ts';
import { attachTicketKeys, type TicketKeyRing } from './ticket-key-ring.ts';

/** A certificate of a listener, with its rules. */
export interface ServerCertificate extends Credential {
  /** The host names that it is for; one may begin with `*.`. Without any, only a default certificate is ever used. */
  readonly names: readonly string[];
  /** Whether it is for clients that name no host, or one that no certificate has. Without any, the first one is. */
  readonly isDefault?: boolean | undefined;
  readonly clientAuth: ClientAuthSettings;
}

/** The rules of all certificates of a listener. */
export interface ServerContextSettings extends CryptoSettings {
  readonly certificates: readonly ServerCertificate[];
  /** Sessions are resumed on the listener with this name only. */
  readonly listener: string;
  /** Whether the server's order of cipher suites counts. Default: true. */
  readonly prefersServerOrder?: boolean | undefined;
  /** Whether sessions are resumed. Default: true. */
  readonly hasTickets?: boolean | undefined;
}

/** What a client gets by the name that it asks for. */
export interface ServerContext {
  readonly secureContext: SecureContext;
  readonly policy: ClientAuthPolicy;
  /** Undefined when no client is refused by its certificate, or there are no tickets. */
  readonly refusedTickets?: RefusedTickets | undefined;
}

/** All contexts of a listener. Never changed. */
export class ServerContexts {
  /** By the names of their certificates. */
  readonly names: ReadonlyMap<string, ServerContext>;
  /** For clients that name no host, or one that no certificate has; undefined when there is no certificate at all. */
  readonly fallback: ServerContext | undefined;
  /** The contexts by a hash of everything that they are made of. */
  readonly #made: ReadonlyMap<string, ServerContext>;

  private constructor(
    names: ReadonlyMap<string, ServerContext>,
    fallback: ServerContext | undefined,
    made: ReadonlyMap<string, ServerContext>,
  ) {
    this.names = names;
    this.fallback = fallback;
    this.#made = made;
  }

  /**
   * Makes the contexts, and takes those from `before` whose settings are the same.
   *
   * @throws Error from OpenSSL when a certificate, a key or a rule is not valid
   */
  static async build(
    settings: ServerContextSettings,
    ring: TicketKeyRing,
    slicer: TimeSlicer,
    before?: ServerContexts,
  ): Promise<ServerContexts> {
    const made = new Map<string, ServerContext>();
    const madeBefore = before === undefined ? undefined : before.#made;
    const contextOf = async (certificates: readonly ServerCertificate[]): Promise<ServerContext> => {
      // Even the key takes a while where an authority's file is long.
      if (slicer.isDue) await slicer.pause();
      const key = keyOf(settings, certificates);
      const known = made.get(key) ?? madeBefore?.get(key);
      const context = known ?? makeContext(settings, certificates, ring);
      made.set(key, context);
      return context;
    };
    const types = new Map<ServerCertificate, string>();
    for (const certificate of settings.certificates) {
      if (slicer.isDue) await slicer.pause();
      types.set(certificate, keyTypeOf(certificate));
    }
    const names = new Map<string, ServerContext>();
    for (const [name, certificates] of byName(settings.certificates)) {
      names.set(name, await contextOf(onePerType(certificates, types)));
    }
    const byDefault = defaultsOf(settings.certificates);
    const fallback = byDefault.length === 0 ? undefined : await contextOf(onePerType(byDefault, types));
    return new ServerContexts(names, fallback, made);
  }
}

/** The certificates of each name, in the order of the config. */
function byName(certificates: readonly ServerCertificate[]): Map<string, ServerCertificate[]> {
  const found = new Map<string, ServerCertificate[]>();
  for (const certificate of certificates) {
    for (const name of certificate.names) {
      const named = found.get(name.toLowerCase());
      if (named === undefined) found.set(name.toLowerCase(), [certificate]);
      else named.push(certificate);
    }
  }
  return found;
}

/** The certificates for all other clients: those that the config calls default, or the first one; then those that share its first name. */
function defaultsOf(certificates: readonly ServerCertificate[]): ServerCertificate[] {
  const named = certificates.filter(({ isDefault }) => isDefault === true);
  const defaults = named.length > 0 ? named : certificates.slice(0, 1);
  const sameName = certificates.filter(({ names: [name] }) => name === defaults[0]?.names[0]);
  return [...defaults, ...sameName];
}

/** OpenSSL chooses between an RSA and an ECDSA certificate of one context by what the client can verify. The first of each type counts. */
function onePerType(
  certificates: readonly ServerCertificate[],
  types: ReadonlyMap<ServerCertificate, string>,
): ServerCertificate[] {
  const policy = certificates[0]?.clientAuth;
  const chosen = new Map<string, ServerCertificate>();
  for (const certificate of certificates) {
    const type = types.get(certificate) ?? '';
    const { mode, ca, crl } = certificate.clientAuth;
    if (mode !== policy?.mode || ca !== policy.ca || crl !== policy.crl) continue;
    if (!chosen.has(type)) chosen.set(type, certificate);
  }
  return [...chosen.values()];
}

function keyTypeOf({ certificate }: ServerCertificate): string {
  return new X509Certificate(certificate).publicKey.asymmetricKeyType ?? '';
}

function keyOf(settings: ServerContextSettings, certificates: readonly ServerCertificate[]): string {
  const rules = { ...settings, certificates: undefined };
  const credentials = certificates.map(({ certificate, key, keyPassword }) => [
    certificate,
    key,
    keyPassword,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([rules, credentials, certificates[0]?.clientAuth]))
    .digest('hex');
}

function makeContext(
  settings: ServerContextSettings,
  certificates: readonly ServerCertificate[],
  ring: TicketKeyRing,
): ServerContext {
  const auth = certificates[0]?.clientAuth ?? { mode: 'none' };
  const policy = new ClientAuthPolicy(auth);
  const options = contextOptions(settings);
  const hasTickets = settings.hasTickets !== false;
  const secureContext = createSecureContext({
    ...options,
    ...credentialOptions(certificates),
    // Without authorities of its own, Node.js would trust those that it comes with.
    ca: auth.ca ?? [],
    ...(auth.crl !== undefined && { crl: auth.crl }),
    honorCipherOrder: settings.prefersServerOrder !== false,
    sessionIdContext: sessionContextOf(settings.listener, policy),
    secureOptions: (options.secureOptions ?? 0) | (hasTickets ? 0 : constants.SSL_OP_NO_TICKET),
  });
  if (!hasTickets) return { secureContext, policy };
  const refusedTickets = policy.clientCertificate === 'none' ? undefined : new RefusedTickets(ring.refused);
  attachTicketKeys(secureContext, ring, refusedTickets);
  return { secureContext, policy, refusedTickets };
}

/** A session is resumed only where the same is asked of clients. OpenSSL takes at most 32 bytes; Node.js passes the text. */
function sessionContextOf(listener: string, policy: ClientAuthPolicy): string {
  return createHash('sha256').update(`${listener}\0${policy.id}`).digest('hex').slice(0, 32);
}
