// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.

/** Settings of `mode: http`. */
export interface HttpOptions {
  /** Rules that pick an upstream for a request. */
  readonly routes: readonly Route[];
  readonly transform?: Transform;
  /** Path under which this listener itself answers with the state of the backends, before any route: 200 while all are healthy, else 503. Such a request takes no route and is in no metric of requests, no span and no access line. Empty: there is none. In the gateway form `/health`, unless a route has that path; else none. */
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
  /** The name under which `Via` shows this proxy to both sides. A request that comes in under this name is a loop (508), so that proxies in a row need different names. Without it, or empty: no `Via` to either side, because some backends (nginx) do not compress for requests with `Via`. Loops are found either way: each request for a backend has a mark of the listener in `CDN-Loop` (RFC 8586). */
  readonly via?: string;
  /**
   * Whether backends get paths in the normal form of RFC 3986: unreserved characters decoded (`%61` is `a`), other encodings in upper case, slashes merged, dot segments resolved. Paths that a backend may read in another way (encoded slashes, backslashes and NULs, overlong UTF-8, dot segments with parameters) are refused with 400. Without it paths go on byte by byte. Routes, `health_endpoint` and hashing by path look at the normal form either way, and transforms of paths work on it. See [how paths are read](../plugins/http/README.md).
   * @default false
   */
  readonly normalize_path: boolean;
  /**
   * What becomes of requests whose path backends read in different ways, so that they could meet another route than the one that was found: encoded slashes, backslashes, `;` parameters, `..`, NULs, overlong UTF-8. `refuse`: 400 when any usual reading of the path meets another route, or leads out of the prefix that transforms put in front. `literal`: encoded slashes, backslashes and the like are plain data for routes and backends, and also pass `normalize_path`.
   * @default "refuse"
   */
  readonly ambiguous_paths: 'refuse' | 'literal';
  /**
   * What becomes of request headers whose names applications behind CGI, WSGI or PHP could take for others, as these read `X_Real_IP` and `X.Real-IP` as X-Real-IP. `drop-colliding`: those that collide with a header that the proxy writes or decides on (X-Forwarded-*, X-Real-IP, X-Request-ID, Forwarded, trace headers, Host, Content-Length, Transfer-Encoding, Connection …), or that a transform of the route sets or removes, are not passed on, whoever sends them. `drop`: nor are any others with an underscore. `refuse`: a request with an underscore in a name gets 400. `keep`: all go on. Dropped headers count for no route and no hash key. Responses keep theirs.
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
   * What a client that ends its side of the connection and still waits for responses gets. `auto`: it is answered when its last request says that it is the last one, by `Connection: close` or by being HTTP/1.0 without keep-alive; else it counts as gone, its request is cancelled and its backend free for others. A client that closed its connection altogether looks the same until something is sent to it: behind `Connection: close` its request holds its backend until that answers, or until the upstream's `timeouts.read` is over. `serve`: whoever sent complete requests is answered. `abort`: it always counts as gone. An end in the middle of a request body always does.
   * @default "auto"
   */
  readonly half_close: 'auto' | 'serve' | 'abort';
  /**
   * Whether bytes above 0x7F in request targets are percent-encoded: `/café` becomes `/caf%C3%A9` for routes, logs and backends, and counts for `limits.target_length` in that form. A URI has no such bytes (RFC 3986), but some clients send them. Without it they are refused with 400.
   * @default false
   */
  readonly encode_target: boolean;
  /**
   * Whose `X-Request-ID` a response shows to the client. `own`: that of the proxy, which its logs and the request's headers have too. `backend`: that of the backend's response where it has one, and else that of the proxy; logs have that of the proxy in any case.
   * @default "own"
   */
  readonly response_request_id: 'own' | 'backend';
  /** Bodies of the proxy's own error responses. `${status}`, `${reason}` and `${request_id}` in them stand for what they say. */
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
  /** Taken off the start of the path, where the path has it. */
  readonly strip_prefix?: string;
  /** Put before the path, after `strip_prefix`. */
  readonly add_prefix?: string;
  readonly rewrite?: Rewrite;
}

/** One change to the headers of a message. */
export interface HeaderTransform {
  /** `add` appends another header of that name, `set` replaces all of that name, `remove` takes them out. */
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
  /** What stands in place of the match; `$1` to `$9` are its groups. */
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

/** How slowly a client may send and take bodies before it is cut off, so that clients that drip hold no backend. Only the time counts in which it is the client's turn: not while it is paused for a slow backend, waits for a backend or a `100 Continue`, or has taken all that there is to send. Upgraded connections are exempt. */
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

/** When given, request bodies are read into memory before a backend is taken, so that a client that sends slowly holds none. Without it bodies are streamed. `Expect: 100-continue` is answered by the proxy then, and not passed on. */
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

/** One body. */
export interface ErrorPage {
  /** The statuses that it is for. */
  readonly statuses: readonly number[];
  /**
   * Its Content-Type.
   * @default "text/html; charset=utf-8"
   */
  readonly content_type: string;
  /** The body itself; this or `file`. */
  readonly body?: string;
  /** A file with the body, relative to the config file. It belongs to the config: an edit of it is a reload. */
  readonly file?: string;
}
