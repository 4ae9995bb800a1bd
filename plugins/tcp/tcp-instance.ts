import { BalanceError } from '../../src/errors.ts';
import type {
  Connection,
  ConnectionHandler,
  ExplainRequest,
  ProtocolExplanation,
  ProtocolHost,
  Upstream,
} from '../../src/plugin-api/index.ts';
import type { TcpOptions } from './config/schema/options.generated.ts';
import { keyFor, TcpSession, type TcpService } from './tcp-session.ts';

/** TCP on one listener, for one generation: the upstreams and the settings of its tunnels, and a count of the sessions that run. */
export class TcpInstance implements TcpService {
  readonly protocol = 'tcp';
  readonly host: ProtocolHost;
  readonly idleTimeoutMs: number;
  /** The listener's own; undefined when the listener only passes connections on by their names. */
  readonly #upstream: Upstream | undefined;
  #active = 0;
  #idle: Promise<void> | undefined;
  #becameIdle: (() => void) | undefined;

  constructor(options: TcpOptions, host: ProtocolHost) {
    this.host = host;
    const { defaultUpstream } = host;
    this.#upstream = defaultUpstream === undefined ? undefined : host.upstream(defaultUpstream, 'once');
    this.idleTimeoutMs = options.timeouts.idle;
  }

  get active(): number {
    return this.#active;
  }

  handle(connection: Connection): ConnectionHandler {
    return new TcpSession(connection, this, this.#upstreamOf(connection.transport.route?.upstream));
  }

  explain({ remoteAddress, pick }: ExplainRequest): ProtocolExplanation {
    const upstream = this.#upstreamOf(undefined);
    const key = keyFor(upstream, remoteAddress);
    pick(upstream.name, key);
    const forwarded = { upstream: upstream.name, clientAddress: remoteAddress };
    return { rules: [], forwarded: key === undefined ? forwarded : { ...forwarded, key } };
  }

  /** @param routed the upstream that the listener chose for the connection; undefined: the listener's own */
  #upstreamOf(routed: string | undefined): Upstream {
    if (routed !== undefined) return this.host.upstream(routed, 'once');
    if (this.#upstream !== undefined) return this.#upstream;
    throw new BalanceError('config_invalid', `listener ${this.host.listener} needs an upstream`);
  }

  close(): Promise<void> {
    if (this.#active === 0) return Promise.resolve();
    this.#idle ??= new Promise((resolve) => {
      this.#becameIdle = resolve;
    });
    return this.#idle;
  }

  begun(): void {
    this.#active += 1;
  }

  ended(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#becameIdle?.();
  }
}
