import type { DialerSettings } from '../../../config/sockets/dialer-settings.ts';
import { formatAddress, type Address } from '../../../config/values/address.ts';
import type { BalanceError } from '../../../errors.ts';
import type { SocketUse } from '../../../plugin-api/index.ts';
import type { HandshakeObserver } from '../../../readings/handshake.ts';
import { proxyHeaderOf } from '../../proxy-protocol/write/proxy-header-of.ts';
import { Dial } from '../dial.ts';
import type { DialDone, DialedFor, Dialer, PendingDial } from '../dialer.ts';
import { refuseWithoutDescriptors } from '../descriptor-check.ts';
import { settingsKey } from '../settings-key.ts';
import type { DialerParts } from '../socket-dialer.ts';
import type { BackendContext } from './backend-context.ts';
import { BackendHandshake } from './backend-handshake.ts';
import { HandshakeReport } from './handshake-report.ts';
import { serverIdentityOf } from './server-identity.ts';

/** Connections that serve exchange after exchange are those of HTTP. */
const HTTP_1: readonly string[] = ['http/1.1'];
const NO_PROTOCOLS: readonly string[] = [];

/** What dialers with TLS need beyond the parts of all dialers. */
export interface TlsDialerParts extends DialerParts {
  readonly context: BackendContext;
  /** Name of the upstream, for reports of handshakes. */
  readonly upstream: string;
  readonly observer?: Partial<HandshakeObserver> | undefined;
}

/** Connects over TCP or to a unix socket, and speaks TLS on it. */
export class TlsDialer implements Dialer {
  readonly key: string;
  readonly #settings: DialerSettings;
  readonly #parts: TlsDialerParts;

  constructor(settings: DialerSettings, parts: TlsDialerParts) {
    this.key = settingsKey<DialerSettings>(settings);
    this.#settings = settings;
    this.#parts = parts;
  }

  dial(to: Address, done: DialDone, client?: DialedFor, use?: SocketUse): PendingDial {
    const { connectTimeoutMs, keepAliveMs, proxyProtocol } = this.#settings;
    const { names, resources, context, buffers, onFault, upstream, observer } = this.#parts;
    const identity = serverIdentityOf(to, context.settings.serverName);
    const address = formatAddress(to);
    const alpn = context.settings.alpnProtocols ?? (use === 'keep-alive' ? HTTP_1 : NO_PROTOCOLS);
    const preface = proxyProtocol && proxyHeaderOf(proxyProtocol, client);
    return new Dial<BackendHandshake>(
      {
        to,
        names,
        timeoutMs: connectTimeoutMs,
        resources,
        attempt: (target, ended) => {
          const task = {
            context,
            identity,
            alpn,
            address,
            target,
            keepAliveMs,
            preface,
            buffers,
            onFault,
          };
          const handshake = new BackendHandshake(task, ended);
          if (resources !== undefined && handshake.socket !== undefined)
            process.nextTick(refuseWithoutDescriptors, handshake.socket, resources);
          return handshake;
        },
        finish: (handshake, ip, ended) => {
          const report = new HandshakeReport({ upstream, address, sni: identity.sni, observer }, handshake);
          handshake.finish((error: BalanceError | undefined, transport) => {
            report.ended(error, transport?.tls);
            if (transport === undefined) ended(error);
            else ended(undefined, { transport, ip });
          });
          return report;
        },
      },
      done,
    );
  }
}
