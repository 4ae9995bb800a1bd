import type {
  ExchangeRecord,
  ExplainRequest,
  LeaseRequest,
  PendingLease,
  ProtocolHost,
  SocketUse,
  Upstream,
} from '../../../src/plugin-api/index.ts';

const NOTHING = (): void => undefined;
const NO_DEADLINE = { set: NOTHING, clear: NOTHING, destroy: NOTHING };
/** Stands for the metrics page, which takes time to make, and which nobody reads here. */
const NEVER = new Promise<never>(() => undefined);
const NOTHING_PENDING: PendingLease = { lastTried: undefined, cancel: NOTHING };

/** The lease that an exchange asked for. */
export interface AskedLease {
  readonly request: LeaseRequest;
  readonly upstream: string;
}

/** A host that notes what an instance asks it to do, and does nothing. */
export class DryRun {
  readonly host: ProtocolHost;
  /** The lease that the request needs, once it asked for one. */
  asked: AskedLease | undefined;
  /** The listener's own endpoint that answered the request; undefined when none did. Such a request has no record. */
  endpoint: 'health' | 'metrics' | undefined;
  /** The record that telemetry would get. */
  record: ExchangeRecord | undefined;

  constructor(real: ProtocolHost) {
    this.host = {
      proxyId: real.proxyId,
      workers: real.workers,
      listener: real.listener,
      directory: real.directory,
      logger: real.logger,
      defaultUpstream: real.defaultUpstream,
      overload: real.overload,
      filterPlugin: () => undefined,
      pluginFailed: NOTHING,
      health: () => {
        this.endpoint = 'health';
        return real.health();
      },
      metrics: real.metrics && {
        ...real.metrics,
        page: () => {
          this.endpoint = 'metrics';
          return NEVER;
        },
      },
      telemetry: {
        detailed: false,
        tracer: real.telemetry.tracer,
        exchange: (record) => {
          this.record = record;
        },
        tunnel: NOTHING,
      },
      upstream: (name, use) => this.#upstream(real, name, use),
      tunnel: NOTHING,
      deadline: () => NO_DEADLINE,
    };
  }

  #upstream(real: ProtocolHost, name: string, use: SocketUse): Upstream {
    const { algorithm, keySource, sticky, readTimeoutMs, secure } = real.upstream(name, use);
    return {
      name,
      algorithm,
      keySource,
      sticky,
      perClient: false,
      secure,
      readTimeoutMs,
      acquire: (request) => {
        this.asked = { request, upstream: name };
        return NOTHING_PENDING;
      },
      takes: () => false,
    };
  }
}

/** The head of a request as a client would send it. */
export function headText({ method, target, fields }: ExplainRequest): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
