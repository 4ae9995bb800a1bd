// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.

/** Settings of `mode: http`. */
export interface HttpOptions {
  /** Rules that pick an upstream for a request. */
  readonly routes: readonly Route[];
  readonly transform?: Transform;
  /** The path at which this listener itself answers with the state of the backends, before any route: 200 while all are healthy, else 503. Such a request takes no route, and no request metric, span or access line shows it. Empty: no such path. Default: `/health` in the gateway form, unless a route has that path; no such path in all other forms. */
  readonly health_endpoint?: string;
  readonly timeouts: HttpTimeouts;
  readonly limits: HttpLimits;
  /** Addresses and networks of proxies in front of this one. What a peer among them says about the client (`X-Forwarded-*`, `Forwarded`, `X-Real-IP`, `X-Request-ID`) is kept and extended; what anybody else says is overwritten. The client, for logs, templates, `X-Real-IP` and hashing by source, is the last address of X-Forwarded-For that is not one of these, or of `Forwarded` where there is no X-Forwarded-For: without port, brackets, quotes and zone. Where an entry is no address (`unknown`, `_hidden`), it is the last proxy that is known for sure. */
  readonly trusted_proxies: readonly string[];
  /**
   * Whether requests also get a `Forwarded` header (RFC 7239).
   * @default false
   */
  readonly forwarded: boolean;
  /** The name of this proxy in `Via`, for requests and responses. A request that arrives with this name is a loop (508), so proxies behind each other need different names. Without it, or empty: the proxy adds no `Via`, because some backends (nginx) do not compress for requests with `Via`. Loops are found in both cases: each request to a backend has a mark of the listener in `CDN-Loop` (RFC 8586). */
  readonly via?: string;
  /**
   * Whether backends get paths in the normal form of RFC 3986: unreserved characters decoded (`%61` is `a`), other encodings in upper case, slashes merged, dot segments resolved. Paths that a backend may read in another way (encoded slashes, backslashes and NULs, overlong UTF-8, dot segments with parameters) are refused with 400. Without it paths go on byte by byte. Routes, `health_endpoint` and hashing by path look at the normal form either way, and transforms of paths work on it. See [how paths are read](../plugins/http/README.md).
   * @default false
   */
  readonly normalize_path: boolean;
  /**
   * How to treat a request whose path backends read in different ways, so that it could mean the path of another route: encoded slashes, backslashes, `;` parameters, `..`, NULs, overlong UTF-8. `refuse`: 400 when any usual reading of the path meets another route, or leads out of the prefix that transforms put in front. `literal`: encoded slashes, backslashes and the like are plain data for routes and backends, and also pass `normalize_path`.
   * @default "refuse"
   */
  readonly ambiguous_paths: 'refuse' | 'literal';
  /**
   * How to treat request headers whose names applications could take for other names: CGI, WSGI and PHP read `X_Real_IP` and `X.Real-IP` as X-Real-IP. `drop-colliding`: a header is not passed on when its name collides with one that the proxy writes or decides on (X-Forwarded-*, X-Real-IP, X-Request-ID, Forwarded, trace headers, Host, Content-Length, Transfer-Encoding, Connection …), or that a transform of the route sets or removes; this holds for trusted peers too. `drop`: also drops all other headers with an underscore. `refuse`: a request with an underscore in a name gets 400. `keep`: all headers are passed on. Routes and hash keys do not see dropped headers. Headers of responses are never dropped.
   * @default "drop-colliding"
   */
  readonly underscore_headers: 'drop-colliding' | 'drop' | 'refuse' | 'keep';
  readonly request_buffering?: HttpRequestBuffering;
  /**
   * Whether a client may change the protocol of its connection (`Upgrade`), as WebSockets do. `false`: no upgrade is passed on. A request for one goes to the backend as an ordinary request without `Upgrade`, and the backend answers it in HTTP. Connections that were upgraded before an edit stay.
   * @default true
   */
  readonly enable_websocket: boolean;
  /**
   * How to treat a client that ends its side of the connection before it got all responses. `auto`: the proxy answers it when its last request says that it is the last one, by `Connection: close` or by being HTTP/1.0 without keep-alive; otherwise the client counts as gone: its request is cancelled, and its backend is free for others. A client that closed the whole connection looks the same until something is sent to it: after `Connection: close` its request holds its backend until the backend answers, or until `timeouts.read` of the upstream is over. `serve`: the proxy answers every complete request. `abort`: the client always counts as gone. A client that ends its side in the middle of a request body always counts as gone.
   * @default "auto"
   */
  readonly half_close: 'auto' | 'serve' | 'abort';
  /**
   * Whether bytes above 0x7F in request targets are percent-encoded: `/café` becomes `/caf%C3%A9` for routes, logs and backends, and counts for `limits.target_length` in that form. A URI has no such bytes (RFC 3986), but some clients send them. Without it they are refused with 400.
   * @default false
   */
  readonly encode_target: boolean;
  /**
   * Which `X-Request-ID` the client gets with a response. `own`: the one of the proxy, which its logs and the request to the backend have too. `backend`: the one of the backend's response when it has one, otherwise the one of the proxy. Logs always have the one of the proxy.
   * @default "own"
   */
  readonly response_request_id: 'own' | 'backend';
  /** Bodies of the proxy's own error responses. `${status}`, `${reason}` and `${request_id}` in them are replaced by their values. */
  readonly error_pages: readonly ErrorPage[];
}

/** A rule that picks an upstream for a request. All conditions that are given must hold. Among routes that match, the higher `priority` wins, then the more specific one, then the earlier one. */
export interface Route {
  /** Name of the route, for logs and the variable `${route}`. Without it: `route-` and its number. */
  readonly name: string;
  /** The request's host without port, or `*.` and a domain for all names below that domain. A dot at the end of either is left out of the comparison: `shop.example.` is `shop.example`. */
  readonly host?: string;
  /** The whole path, in any spelling that means the same: `/%61` is `/a`, and so is `//./a`. */
  readonly path?: string;
  /** The path or any path below it, in any spelling that means the same. */
  readonly path_prefix?: string;
  /** Headers that the request must have, with exactly these values. */
  readonly headers?: {
    readonly [k: string]: string;
  };
  /**
   * The higher one wins when several routes match.
   * @default 0
   */
  readonly priority: number;
  /** Name of the upstream that gets the request. */
  readonly upstream: string;
  readonly transform?: Transform;
}

/** Changes to requests before they are forwarded, and to responses before they are sent back. */
export interface Transform {
  /** Header changes on the way to the backend, in this order. */
  readonly request_headers: readonly HeaderTransform[];
  /** Header changes on the way to the client, in this order. */
  readonly response_headers: readonly HeaderTransform[];
  /** Removed from the start of a path that begins with it. */
  readonly strip_prefix?: string;
  /** Put before the path, after `strip_prefix`. */
  readonly add_prefix?: string;
  readonly rewrite?: Rewrite;
}

/** One change to the headers of a message. */
export interface HeaderTransform {
  /** `add` appends another header of that name, `set` replaces all headers of that name, `remove` removes them. */
  readonly action: 'add' | 'set' | 'remove';
  /** The name of an HTTP header, in any case. */
  readonly name: string;
  /** The value, for `add` and `set`. May hold the variables ${duration} ${client_ip} ${request_id} ${backend} ${host} ${method} ${path} ${route}. The duration is written as in logs: `150ms`, `1.52s`. */
  readonly value?: string;
}

/** Rewrites the path, without query, by a regular expression, after the prefixes were changed. */
export interface Rewrite {
  /** A JavaScript regular expression; the first match is replaced. */
  readonly pattern: string;
  /** The text that replaces the match; `$1` to `$9` are its groups. */
  readonly replacement: string;
}

/** How long clients of an HTTP listener may take. */
export interface HttpTimeouts {
  /**
   * For a whole request head, and between two pieces of a request body. In ms.
   * @default "30s"
   */
  readonly read: number;
  /**
   * Without any progress while a response is sent to the client; `limits.min_rate` bounds slow progress. In ms.
   * @default "60s"
   */
  readonly write: number;
  /**
   * Between two requests on a kept connection. In ms.
   * @default "75s"
   */
  readonly idle: number;
  /**
   * Without a byte on an upgraded connection such as a WebSocket. 0: no limit. In ms.
   * @default "1h"
   */
  readonly tunnel: number;
  /**
   * For a request as a whole, from its complete head to the last byte of its response: 504, or an abort when the response has begun. Upgraded connections are exempt. 0: no limit. In ms.
   * @default 0
   */
  readonly request: number;
}

/** How much a client may send in a request head and over a connection. */
export interface HttpLimits {
  /**
   * Request line and headers together, from 1KiB to 1MiB. More is answered with 431, a longer request line with 414. In bytes.
   * @default "32KiB"
   */
  readonly header_size: number;
  /**
   * Header lines of a request. More are answered with 431.
   * @default 100
   */
  readonly header_count: number;
  /**
   * Requests that one connection may carry before it is closed. 0: no limit.
   * @default 0
   */
  readonly requests_per_connection: number;
  /**
   * Bytes of the request target. More are answered with 414.
   * @default 8192
   */
  readonly target_length: number;
  /**
   * Bytes of a request body. More are answered with 413: before the backend sees the request when Content-Length says so, in flight when the body is chunked. 0: no limit; bodies are streamed, not kept. In bytes.
   * @default 0
   */
  readonly body_size: number;
  /**
   * A connection older than that is closed after its next response. 0: no limit. In ms.
   * @default 0
   */
  readonly connection_age: number;
  readonly min_rate: HttpMinRate;
}

/** The least rate at which a client must send and take bodies before it is cut off, so that clients that send single bytes hold no backend. Only the time counts in which the proxy waits for the client: not while the client is paused for a slow backend, waits for a backend or a `100 Continue`, or has taken all that there is to send. Upgraded connections are exempt. */
export interface HttpMinRate {
  /**
   * Bytes a second that a client must send of a request body, framing of chunks included. Slower: 408, or an abort when the response has begun. 0: no limit. In bytes.
   * @default "500B"
   */
  readonly request: number;
  /**
   * Bytes a second that a client must take of a response. Slower: the connection is reset. 0: no limit. In bytes.
   * @default "500B"
   */
  readonly response: number;
  /**
   * For how long in all a client may be too slow before it is cut off. What it moves faster than the rate makes up for that. The rate is looked at whenever bytes move: a client that moves none at all is cut off by `timeouts.read` or `timeouts.write`, and so is one that takes so little that the system's send buffer does not get free meanwhile. In ms.
   * @default "30s"
   */
  readonly window: number;
}

/** When set, the proxy reads request bodies into memory before it takes a backend, so that a slow client does not hold a backend. It also answers `Expect: 100-continue` itself then, and does not pass it on. Without it, bodies are streamed. */
export interface HttpRequestBuffering {
  /**
   * Bytes of one body that are kept, without the framing of chunks. A longer one is streamed from there on. In bytes.
   * @default "1MiB"
   */
  readonly size: number;
  /**
   * Bytes of all bodies that are kept at a time, on all listeners together. While they are used up, bodies are streamed, and a warning is logged. In bytes.
   * @default "256MiB"
   */
  readonly total: number;
}

/** One error page. */
export interface ErrorPage {
  /** The statuses that the page is for. */
  readonly statuses: readonly number[];
  /**
   * The Content-Type of the page.
   * @default "text/html; charset=utf-8"
   */
  readonly content_type: string;
  /** The body itself; this or `file`. */
  readonly body?: string;
  /** A file with the body, relative to the config file. The file is part of the config: an edit of the file causes a reload. */
  readonly file?: string;
}
