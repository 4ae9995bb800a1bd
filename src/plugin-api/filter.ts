import type { Duplex } from 'node:stream';

import type { LogFields, Logger } from './logger.ts';
import type { OptionsCheck } from './options-rules.ts';
import type { ExchangeRecord } from './telemetry.ts';
import type { TlsSession } from './transport.ts';
import type { Upstream } from './upstream.ts';

/** The version of this contract. A plugin that names another one is refused. */
export type ApiVersion = 2;

/** A filter for requests and responses: the default export of a plugin module. */
export interface HttpFilterPlugin {
  readonly apiVersion: ApiVersion;
  readonly kind: 'http-filter';
  /** The value of `use:` that selects this filter in a list of filters. Protocols and filters share one set of names. */
  readonly name: string;
  /**
   * JSON Schema (2020-12) of the keys beside `use:`; default: any keys are accepted. Forms and defaults are as for protocols. A key
   * `upstream` at its top is the name of an upstream: the proxy checks that it exists.
   */
  readonly configSchema?: object;
  /** Rules for the options beyond the schema. */
  readonly optionsRules?: FilterOptionsRules;
  /**
   * Makes the filter for one place in the config: for each entry of a list of filters, and in each worker. When it throws or rejects, or
   * takes longer than `plugins.timeout` allows, the whole edit is refused and nothing changes. An edit of the listener makes all its filters
   * anew; requests that run keep those that they began with.
   */
  provision(options: unknown, host: FilterHost): FilterHooks | Promise<FilterHooks>;
}

/** The rules of a filter for its options, which the schema has accepted. They must be pure functions. */
export interface FilterOptionsRules {
  /** Reports problems. Paths begin at the options of the filter. */
  check?(options: unknown, context: OptionsCheck): void;
}

/** The services of the core for one filter at one place. Timers, files and states end when the filter has closed. */
export interface FilterHost {
  /** Name of the listener. */
  readonly listener: string;
  /** Name of the route that has the filter; undefined for a filter of the listener itself, which sees the requests of all its routes. */
  readonly route: string | undefined;
  /** The place in the list of filters, from 0. */
  readonly index: number;
  /** How many workers serve, each with an instance of its own. A limit over all of them is not shared: each has its part of it. */
  readonly workers: number;
  /** The folder of the config file. Relative file names in options are relative to it. */
  readonly directory: string;
  /** Logs with the names of the listener, the route and the filter. */
  readonly logger: Logger;
  /**
   * The upstream of that name, for {@link FilterRequest.forwardTo}, or for connections of the filter's own (`acquire`).
   *
   * @throws BalanceError when the config has none
   */
  upstream(name: string): Upstream;
  /**
   * State that outlives an edit: what `make` returned for this listener, filter and key, as long as a filter holds it. An edited filter is
   * made before the one that it replaces closes, so it gets the same state. Each worker has its own.
   */
  state<T>(key: string, make: () => T): T;
  /** Calls `work` once after `ms` milliseconds. Returns the function that stops it. What `work` throws is logged and counted. */
  timer(ms: number, work: () => void): () => void;
  /** Calls `work` every `ms` milliseconds. Returns the function that stops it. */
  interval(ms: number, work: () => void): () => void;
  /**
   * Reads a file, and calls `changed` with each later content. It looks at the file once a second. A file that can't be read later is
   * logged, and what was read before counts on; the same holds when `changed` throws.
   *
   * @throws BalanceError `config_invalid` when the file can't be read now
   */
  file(path: string, changed: (content: Buffer) => void): Promise<Buffer>;
}

/** A response that is given in place of a backend's. */
export interface Answer {
  /** 200 to 599. */
  readonly status: number;
  /** The value of Content-Type, unless {@link headers} has one. Default: `text/plain; charset=utf-8` where there is a body. */
  readonly contentType?: string;
  /**
   * Further header fields by name; several values become several fields. The proxy adds `Content-Length`, `Connection` and
   * `X-Request-ID` itself, and `Date` unless it is here.
   */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text is sent as UTF-8. Default: no body. A HEAD request gets the header alone. */
  readonly body?: string | Uint8Array;
}

/** What a filter decides: undefined lets the message go on, an answer takes its place. */
export type Verdict = Answer | undefined;

/**
 * Sees the requests of a route before they are forwarded, and their responses before they reach the client. One filter serves all
 * requests of its place. What it must remember of one request it keeps by the request's object, for example in a `WeakMap`.
 *
 * A hook that throws, rejects or takes longer than `http.filter_timeout` costs its request a 500 and a log line with the filter's place;
 * other requests do not notice.
 */
export interface FilterHooks {
  /**
   * The head of a request is complete and its route is known; the body has not been read. Filters are asked in their order, and an
   * answer ends the row. While a promise is pending the client is paused.
   */
  request?(request: FilterRequest): Verdict | Promise<Verdict>;
  /**
   * The head of a response is known and nothing of it was sent to the client. Filters are asked in reverse order, and only those
   * that the request reached. An answer takes the place of the response, whose body is then not read. While a promise is pending the
   * backend is paused. A response that switches protocols (101) can't wait.
   */
  response?(response: FilterResponse, request: FilterRequest): Verdict | Promise<Verdict>;
  /** The exchange is over. Called once for each filter that the request reached, in reverse order, however the exchange ended. */
  done?(record: ExchangeRecord, request: FilterRequest): void;
  /** The last exchange with this filter is over, and an edit has replaced or removed it: frees what it holds. */
  close?(): void | Promise<void>;
}

/** A filter, with the name that logs and `explain` show. */
export interface HttpFilter extends FilterHooks {
  readonly name: string;
  /** Where it stands, for the log: `{ filter: 'cors', index: 0 }`. Default: the name alone. */
  readonly place?: LogFields;
}

/** Header fields as a filter sees and changes them. Names are compared without regard to case. */
export interface FilterFields {
  /**
   * The values of all fields of that name, joined with `, ` (RFC 9110 5.3; `Cookie` with `; `); undefined when there is none. Fields
   * that belong to the connection, such as `Connection` and `Transfer-Encoding`, are not shown.
   */
  header(name: string): string | undefined;
  /**
   * Puts one field in the place of all fields of that name.
   *
   * @throws TypeError when the name or value is not valid, and for fields that the proxy writes itself because they frame the
   *   message or belong to the connection
   */
  setHeader(name: string, value: string): void;
  /** Adds a field beside those of that name. Throws as {@link setHeader} does, also for `Host`, which a request has once. */
  addHeader(name: string, value: string): void;
  /** Removes all fields of that name. Throws as {@link addHeader} does. */
  removeHeader(name: string): void;
  /** Shows the filter the body as it passes by. May only be called while the hook runs: before it returns, or before its promise resolves. */
  tapBody(tap: BodyTap): void;
}

/** A request as filters see it: one object for all hooks of an exchange. A filter sees the changes of the filters before it. */
export interface FilterRequest extends FilterFields {
  /** The request id, as logs and `X-Request-ID` show it. */
  readonly id: string;
  readonly method: string;
  /** Path and query, as they would be forwarded; `*` for `OPTIONS *`. Each character is one byte (latin1). Transforms of the config are applied later. */
  readonly target: string;
  /** {@link target} without query. */
  readonly path: string;
  /** The host that the client asked for, as it wrote it, with its port if it named one. */
  readonly host: string;
  /** The client's address as logs show it: behind trusted proxies, the one that they name. */
  readonly clientAddress: string;
  /** True when the client's connection is encrypted. Behind a trusted proxy: when that proxy says so (`X-Forwarded-Proto`, `Forwarded`). */
  readonly secure: boolean;
  /** What TLS agreed on with the peer, which may be a proxy; undefined when its connection is not encrypted. */
  readonly tls: TlsSession | undefined;
  /** Name of the listener. */
  readonly listener: string;
  /** Name of the route; '' for the listener's own upstream. */
  readonly route: string;
  /**
   * Where the request will be forwarded to; of a `split` the first upstream, until one is drawn after the filters. undefined on a route that
   * answers by itself (`redirect`, `respond`): {@link forwardTo} then has the request forwarded in place of that answer.
   */
  readonly upstream: Upstream | undefined;
  /** What filters tell later filters. Its own for each exchange. */
  readonly variables: Map<string, string>;
  /** Aborted when the answer is not wanted any more: the client left, or the time is over. */
  readonly gone: AbortSignal;
  /**
   * Forwards another path and query. The route stays.
   *
   * @throws TypeError when the target does not begin with `/`, or contains blanks, control characters, `#` or characters beyond ASCII
   */
  setTarget(target: string): void;
  /** Forwards the request to another upstream, as `host.upstream(name, 'keep-alive')` gave it when the filter was made. */
  forwardTo(upstream: Upstream): void;
  /**
   * Reads the whole body into memory, for the promise of the hook `request` to wait for. It is forwarded afterwards as it came. Meanwhile
   * the time limits for clients count in place of `http.filter_timeout`.
   *
   * @param limitBytes the largest body
   * @returns the body, empty for a request without one; undefined when it is longer than the limit, or memory is full: then the filter
   *   answers, or the body is streamed on. Also undefined once the request was forwarded or is over
   */
  readBody(limitBytes: number): Promise<Buffer | undefined>;
}

/** A response as filters see it. */
export interface FilterResponse extends FilterFields {
  readonly status: number;
  /**
   * Length of the body in bytes; of a response to HEAD, that of the body which GET would get. undefined when it is not known, as the body comes
   * piece by piece or a filter makes another one.
   */
  readonly bodyLength: number | undefined;
  /** Another status for the client, 200 to 599. @throws TypeError for others, and for responses that switch protocols */
  setStatus(status: number): void;
  /**
   * Puts another body in the place of this one, piece by piece. `Content-Length` is dropped. May only be called while the hook runs. A response
   * that has no body (to HEAD, 204, 304) has none afterwards either. The transform of a filter later in the list comes first.
   *
   * @param transform a stream of Node.js (such as `zlib.createGzip()`), or what {@link BodyTransform} says
   * @param flushes for a stream that has `flush`, as those of zlib: whether it is called after each read from the backend, so that the
   *   events of a stream are not held back. Default: false
   * @throws TypeError for a response that switches protocols
   */
  transformBody(transform: BodyTransform | TransformStream, flushes?: boolean): void;
  /** Who made the response: a backend, a filter (its answer), or the proxy itself (such as a 502). */
  readonly origin: ResponseOrigin;
}

/** Who made a response. */
export type ResponseOrigin = 'backend' | 'filter' | 'proxy';

/** Is shown a body as it passes by, without framing, before transforms of this body. It can't change the body. */
export interface BodyTap {
  /** `bytes[start, end)` of the body. Borrowed: valid until this returns. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The body is complete. Not called for a body that was broken off. */
  end?(): void;
}

/** A stream of Node.js that reads what it was written, changed: `zlib.createGzip()`, a `Transform`. */
export type TransformStream = Duplex;

/** Changes a body piece by piece. Each body needs an object of its own. What it throws costs that exchange. */
export interface BodyTransform {
  /** Called before all others: where the new body goes. */
  start(output: BodyOutput): void;
  /**
   * A piece of the old body. It is borrowed: valid until this returns.
   *
   * @returns false when no more may come until {@link BodyOutput.ready}: the sender is paused
   */
  data(piece: Buffer): boolean;
  /** All that has come for now was given: emit what can be emitted, so that events of a stream are not held back. */
  flush?(): void;
  /** The old body is complete. The transform emits the rest, now or later, and calls {@link BodyOutput.end}. */
  end(): void;
  /** The receiver takes more again, after {@link BodyOutput.emit} returned false. */
  drained?(): void;
  /** The body was broken off: nothing more is wanted. Not called after {@link BodyOutput.end}. */
  destroy?(): void;
}

/** Where a transform puts the new body. */
export interface BodyOutput {
  /**
   * A piece of the new body. The memory must not change afterwards, unless the call is made within {@link BodyTransform.data}.
   *
   * @returns false when the receiver is full: emit no more than is at hand until {@link BodyTransform.drained}
   */
  emit(piece: Uint8Array): boolean;
  /** The new body is complete. */
  end(): void;
  /** The transform takes more again, after {@link BodyTransform.data} returned false. */
  ready(): void;
  /** The body can't be made: the exchange fails. */
  fail(error: unknown): void;
}
