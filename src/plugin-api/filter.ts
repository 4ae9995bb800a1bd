import type { ExchangeRecord } from './telemetry.ts';
import type { LogFields } from './logger.ts';
import type { BodyTransform, TransformStream } from './body-transform.ts';
import type { TlsSession } from './transport.ts';
import type { Upstream } from './upstream.ts';

/** A response that is given in place of a backend's. */
export interface Answer {
  /** 200 to 599. */
  readonly status: number;
  /** The value of Content-Type. Default: `text/plain; charset=utf-8` where there is a body. */
  readonly contentType?: string;
  /**
   * Further header fields by name; several values become several fields. The proxy adds `Date`, `Content-Length`, `Connection` and
   * `X-Request-ID` itself.
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
  /** Where the request will be forwarded to. */
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
   * Reads the whole body into memory, for the promise of the hook `request` to wait for. It is forwarded afterwards as it came.
   *
   * @param limitBytes the largest body
   * @returns the body, empty for a request without one; undefined when it is longer than the limit, or memory is full: then the filter
   *   answers, or the body is streamed on
   */
  readBody(limitBytes: number): Promise<Buffer | undefined>;
}

/** A response as filters see it. */
export interface FilterResponse extends FilterFields {
  readonly status: number;
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
