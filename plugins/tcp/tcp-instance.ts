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
import { TcpSession, type TcpService } from './tcp-session.ts';

/** TCP on one listener, for one generation: the upstream and the settings of its tunnels, and a count of the sessions that run. */
export class TcpInstance implements TcpService {
  readonly protocol = 'tcp';
  readonly host: ProtocolHost;
  readonly upstream: Upstream;
  readonly idleTimeoutMs: number;
  #active = 0;
  #idle: Promise<void> | undefined;
  #becameIdle: (() => void) | undefined;

  constructor(options: TcpOptions, host: ProtocolHost) {
    if (host.defaultUpstream === undefined) {
      throw new BalanceError('config_invalid', `listener ${host.listener} needs an upstream`);
    }
    this.host = host;
    this.upstream = host.upstream(host.defaultUpstream, 'once');
    this.idleTimeoutMs = options.timeouts.idle;
  }

  get active(): number {
    return this.#active;
  }

  handle(connection: Connection): ConnectionHandler {
    return new TcpSession(connection, this);
  }

  /** The balancing key of a connection; TCP knows nothing of a client but its address. */
  keyOf(remoteAddress: string): string | undefined {
    return this.upstream.keySource?.kind === 'source-ip' ? remoteAddress : undefined;
  }

  explain({ remoteAddress, pick }: ExplainRequest): ProtocolExplanation {
    const key = this.keyOf(remoteAddress);
    pick(this.upstream.name, key);
    const forwarded = { upstream: this.upstream.name, clientAddress: remoteAddress };
    return { rules: [], forwarded: key === undefined ? forwarded : { ...forwarded, key } };
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
