import type { ExchangeRecord } from './telemetry.ts';
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
 * requests of its route. What it must remember of one request it keeps by the request's object, for example in a `WeakMap`.
 *
 * A hook that throws, rejects or takes too long costs its request a 500 and a log line with the filter's name; other requests do not
 * notice.
 */
export interface HttpFilter {
  /** Shown in logs and by `explain`. */
  readonly name: string;
  /**
   * The head of a request is complete and its route is known; the body has not been read. Filters are asked in their order, and an
   * answer ends the row. While a promise is pending the client is paused; the promise has as long as the request may take
   * (`timeouts.request`, or `timeouts.read` where that is 0).
   */
  request?(request: FilterRequest): Verdict | Promise<Verdict>;
  /**
   * The head of a response is known and nothing of it was sent to the client. Filters are asked in reverse order, and only those
   * that the request reached. An answer takes the place of the response, whose body is then not read.
   */
  response?(response: FilterResponse, request: FilterRequest): Verdict;
  /** The exchange is over. Called once for each filter that the request reached, in reverse order, however the exchange ended. */
  done?(record: ExchangeRecord, request: FilterRequest): void;
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
}

/** A response as filters see it. */
export interface FilterResponse extends FilterFields {
  readonly status: number;
  /** Who made the response: a backend, a filter (its answer), or the proxy itself (such as a 502). */
  readonly origin: ResponseOrigin;
}

/** Who made a response. */
export type ResponseOrigin = 'backend' | 'filter' | 'proxy';

/** Is shown a body as it passes by, without framing. It can't change the body. */
export interface BodyTap {
  /** `bytes[start, end)` of the body. Borrowed: valid until this returns. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The body is complete. Not called for a body that was broken off. */
  end?(): void;
}
