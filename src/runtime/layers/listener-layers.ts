import { clientAuthOf } from '../../config/certificates/client-auth-of.ts';
import type { ConfigFiles } from '../../config/files/config-files.ts';
import type {
  Listener as ListenerConfig,
  ListenerTls,
  TlsCertificate,
} from '../../config/schema/config.generated.ts';
import { parseCipherSuite } from '../../config/values/tls/cipher-suite.ts';
import { parseCurve } from '../../config/values/tls/curve.ts';
import { BalanceError, messageOf } from '../../errors.ts';
import type { TransportLayer } from '../../net/layers/layer.ts';
import type { ClientAuthSettings } from '../../net/tls/contexts/client-auth.ts';
import {
  ServerContexts,
  type ServerCertificate,
  type ServerContext,
  type ServerContextSettings,
} from '../../net/tls/contexts/server-contexts.ts';
import type { TicketKeyRing } from '../../net/tls/contexts/ticket-key-ring.ts';
import { HandshakeGate, type HandshakeLimits } from '../../net/tls/protection/handshake-gate.ts';
import { socketKeyOf } from '../../config/sockets/socket-key.ts';
import { SharedAddressRates } from '../../net/tls/protection/shared-address-rates.ts';
import { HandshakeTurns } from '../../net/tls/protection/handshake-turns.ts';
import { SniTable } from '../../net/tls/sni/sni-table.ts';
import { chooseAcceptor } from '../../net/tls/terminate/tls-acceptor.ts';
import { TlsTermination } from '../../net/tls/terminate/tls-termination.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { HandshakeObserver } from '../../readings/handshake.ts';
import { partOf } from '../../shared/part-of.ts';
import type { TimeSlicer } from '../../time/time-slicer.ts';
import { proxyHeaderLayerOf } from './proxy-header-layer-of.ts';

/** What runs on each connection of a listener before its protocol gets it, made from one config. */
export interface ListenerLayers {
  /** In the order in which they run. */
  readonly list: readonly TransportLayer[];
  /** The certificates of the listener; undefined when it decrypts nothing. */
  readonly contexts: ServerContexts | undefined;
  /** Bounds the handshakes; kept over edits while the socket stays. Undefined for a listener without TLS. */
  readonly gate: HandshakeGate | undefined;
}

/** What runs now, as far as new layers go on with it. */
export interface LayersBefore {
  /** Of the listener of the same name: contexts that did not change are taken over. */
  readonly contexts?: ServerContexts | undefined;
  /**
   * Of the listener at the same socket: its handshakes and its counts go on. A listener that gets another socket begins with new ones, because
   * those of the old socket still belong to the listener that drains there.
   */
  readonly socket?: ListenerLayers | undefined;
}

/** What workers share about handshakes. */
export interface HandshakeShare {
  /** Index of this worker, from 0. */
  readonly worker: number;
  /** How many workers there are. */
  readonly workers: number;
  /** The memory of `SharedAddressRates`. */
  readonly addressRates: SharedArrayBuffer;
}

export const NO_LAYERS: ListenerLayers = { list: [], contexts: undefined, gate: undefined };

/** Makes the layers of listeners while an edit is prepared. */
export class LayerBuilder {
  readonly #logger: Logger;
  readonly #ticketKeys: TicketKeyRing;
  readonly #acceptor = chooseAcceptor();
  readonly #turns = new HandshakeTurns();
  readonly #observer: Partial<HandshakeObserver> | undefined;
  readonly #share: HandshakeShare | undefined;

  /**
   * @param ticketKeys The keys of the session tickets of all listeners.
   * @param observer Hears of each handshake with a client.
   * @param share What the limits of handshakes share with other workers. Default: there are no others
   */
  constructor(
    logger: Logger,
    ticketKeys: TicketKeyRing,
    observer?: Partial<HandshakeObserver>,
    share?: HandshakeShare,
  ) {
    this.#logger = logger;
    this.#ticketKeys = ticketKeys;
    this.#observer = observer;
    this.#share = share;
  }

  /**
   * Makes the layers of one listener.
   *
   * @param before what is taken over
   * @throws BalanceError when a certificate or a key can't be used
   */
  async build(
    listener: ListenerConfig,
    files: ConfigFiles,
    slicer: TimeSlicer,
    before: LayersBefore = {},
  ): Promise<ListenerLayers> {
    const { name, mode, tls } = listener;
    const header = proxyHeaderLayerOf(listener, before.socket?.list ?? [], this.#logger);
    // The header comes before everything else: the other layers see the address of the client in it.
    const first = header === undefined ? [] : [header];
    if (tls === undefined) return { ...NO_LAYERS, list: first };
    const contexts = await this.#contexts(name, tls, files, slicer, before.contexts);
    const gate = before.socket?.gate ?? this.#gate(listener);
    const rules = {
      listener: name,
      decider: sniTable(listener, tls, contexts),
      alpn: tls.alpn_protocols ?? [],
      speaksHttp: mode === 'http',
      bound: { gate, limits: this.#handshakeLimits(tls) },
      acceptor: this.#acceptor,
      observer: this.#observer,
    };
    return { list: [...first, new TlsTermination(rules, tls.handshake_timeout)], contexts, gate };
  }

  #gate(listener: ListenerConfig): HandshakeGate {
    const { addressRates } = this.#share ?? {};
    if (addressRates === undefined) return new HandshakeGate(this.#turns);
    return new HandshakeGate(this.#turns, new SharedAddressRates(addressRates, socketKeyOf(listener)));
  }

  /** The handshakes that a worker may hold are its part of all, and at least one: a limit that is set never becomes none. */
  #handshakeLimits({
    max_handshakes: all,
    max_handshakes_per_address: perAddress,
  }: ListenerTls): HandshakeLimits {
    const { worker = 0, workers = 1 } = this.#share ?? {};
    return {
      maxHandshakes: all === 0 ? 0 : Math.max(1, partOf(all, worker, workers)),
      maxPerAddress: perAddress,
    };
  }

  async #contexts(
    name: string,
    tls: ListenerTls,
    files: ConfigFiles,
    slicer: TimeSlicer,
    before: ServerContexts | undefined,
  ): Promise<ServerContexts> {
    try {
      return await ServerContexts.build(contextSettings(name, tls, files), this.#ticketKeys, slicer, before);
    } catch (error) {
      if (error instanceof BalanceError) throw error;
      throw new BalanceError('config_invalid', `listener ${name}: tls: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** What becomes of each name. Only a listener in mode tcp can pass what is TLS on to its own upstream. */
function sniTable(
  { mode, upstream }: ListenerConfig,
  { strict_sni: isStrict, sni }: ListenerTls,
  contexts: ServerContexts,
): SniTable<ServerContext> {
  return new SniTable({
    certificates: contexts.names,
    defaultCertificate: contexts.fallback,
    isStrict,
    routes: sni?.routes ?? [],
    defaultUpstream: sni?.default,
    ownUpstream: mode === 'tcp' ? upstream : undefined,
  });
}

function contextSettings(listener: string, tls: ListenerTls, files: ConfigFiles): ServerContextSettings {
  return {
    listener,
    certificates: tls.certificates.map((certificate) => serverCertificate(certificate, tls, files)),
    minVersion: tls.min_version,
    maxVersion: tls.max_version,
    cipherSuites: tls.cipher_suites.map(parseCipherSuite),
    curves: tls.curves?.map(parseCurve),
    prefersServerOrder: tls.prefer_server_cipher_suites,
    hasTickets: !tls.session_tickets_disabled,
  };
}

function serverCertificate(own: TlsCertificate, tls: ListenerTls, files: ConfigFiles): ServerCertificate {
  const { cert_file, key_file, key_password_file } = own;
  return {
    certificate: files.text(cert_file),
    key: files.text(key_file),
    keyPassword: key_password_file === undefined ? undefined : files.password(key_password_file),
    names: own.domains,
    isDefault: own.default,
    clientAuth: clientAuth(own, tls, files),
  };
}

function clientAuth(own: TlsCertificate, tls: ListenerTls, files: ConfigFiles): ClientAuthSettings {
  const { mode, caFile, crlFile } = clientAuthOf(own, tls);
  return {
    mode,
    ca: caFile === undefined ? undefined : files.text(caFile),
    crl: crlFile === undefined ? undefined : files.text(crlFile),
  };
}
