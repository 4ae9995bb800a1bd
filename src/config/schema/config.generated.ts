// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.

/** The one shape that every file form is turned into. */
export interface Config {
  readonly listeners: readonly Listener[];
  readonly upstreams: readonly Upstream[];
  readonly admin?: Admin;
  readonly metrics: Metrics;
  readonly logging: Logging;
  readonly tracing?: Tracing;
  readonly plugins: Plugins;
  readonly dns: Dns;
  readonly reload: Reload;
  readonly shutdown: Shutdown;
}

/** A bound address and its protocol. */
export interface Listener {
  /** A name for logs, metrics and references: 1 to 100 visible characters. */
  readonly name: string;
  /** Where connections are accepted. Without a host: on all interfaces. Port 0 takes any free port. */
  readonly address: string;
  /** What is spoken: `http`, `tcp` (any bytes) or the name of a plugin. */
  readonly mode: string;
  /** Name of the upstream that gets what no route takes. */
  readonly upstream?: string;
  /**
   * Connections that the listener holds at a time; more are closed at once. 0: no limit.
   * @default 0
   */
  readonly max_connections: number;
  /**
   * A client that has been silent for so long is probed by the system (TCP keepalive), ten times, a second apart; one that answers no probe is gone, and its connection ends. Whole seconds. 0: never. An edit counts for new connections. In ms.
   * @default "60s"
   */
  readonly tcp_keepalive: number;
  /** Permissions of the unix socket, three octal digits in quotes; it has them before anybody can connect. An edit changes them on the spot. Without it: what the process's umask leaves. As a number. */
  readonly socket_mode?: number;
  readonly http?: HttpOptions;
  readonly tcp?: TcpOptions;
  /** Settings of a plugin's mode; the plugin says which. */
  readonly options?: {
    readonly [k: string]: unknown;
  };
}

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

/** Settings of `mode: tcp`. */
export interface TcpOptions {
  readonly timeouts: TcpTimeouts;
}

/** Timeouts of a TCP connection. */
export interface TcpTimeouts {
  /**
   * Without a byte in either direction. 0: no limit. In ms.
   * @default "10m"
   */
  readonly idle: number;
}

/** A named group of backends and how to use them. */
export interface Upstream {
  /** A name for logs, metrics and references: 1 to 100 visible characters. */
  readonly name: string;
  /** Its servers. */
  readonly backends: readonly BackendConfig[];
  readonly load_balancer: LoadBalancer;
  readonly connection_pool: ConnectionPool;
  readonly health_check?: HealthCheck;
  readonly queue: Queue;
  readonly timeouts: UpstreamTimeouts;
  /**
   * A backend that has been silent for so long is probed by the system (TCP keepalive), ten times, a second apart; one that answers no probe is gone, and its connection ends. Whole seconds. 0: never. In ms.
   * @default "60s"
   */
  readonly tcp_keepalive: number;
}

/** One server. */
export interface BackendConfig {
  /** Name of the backend in logs, metrics and routes. Without it: the address as written. */
  readonly name: string;
  /** Where the server listens; an `http://` URL without path is taken as well. */
  readonly address: string;
  /** The URL as written, when the file gave one. */
  readonly url?: string;
  /**
   * Its share among the backends, for every algorithm but `round-robin` and `least-connections`, which treat all backends alike. 0: it gets nothing, whatever the algorithm.
   * @default 1
   */
  readonly weight: number;
  /**
   * Connections in use at a time; more wait in the queue. 0: no limit.
   * @default 0
   */
  readonly max_connections: number;
}

/** How a backend is chosen. */
export interface LoadBalancer {
  /**
   * Name of the algorithm. `round-robin`: one after the other. `weighted-round-robin`: the same, in proportion to the weights, well mixed. `random`: by chance, in proportion to the weights. `power-of-two`: of two backends that are drawn as by `random`, the one with fewer requests and connections for its weight. `least-connections`: the one with the fewest; `weighted-least-connections`: with the fewest for its weight. `consistent-hash`, `bounded-consistent-hash` and `maglev`: the same backend for the same `hash_key`, keys spread in proportion to the weights. Those that take turns begin anywhere in the list, so that many proxies that start together do not all begin with the first backend; an edit goes on where the turns were. `p2c` and `power-of-two-choices` mean power-of-two, `_` may stand for `-`.
   * @default "round-robin"
   */
  readonly algorithm:
    | 'round-robin'
    | 'weighted-round-robin'
    | 'random'
    | 'power-of-two'
    | 'least-connections'
    | 'weighted-least-connections'
    | 'consistent-hash'
    | 'bounded-consistent-hash'
    | 'maglev';
  /** What the hashing algorithms (consistent-hash, bounded-consistent-hash, maglev) hash; without it, `source-ip`. TCP knows `source-ip` alone. */
  readonly hash_key?: string;
  /**
   * For bounded-consistent-hash: how many times its share by weight of all running requests and connections a backend may have before its keys go on to the next one.
   * @default 1.25
   */
  readonly load_factor: number;
}

/** The sockets that are kept open to each backend. */
export interface ConnectionPool {
  /**
   * Whether sockets are kept for the next use at all.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * Sockets to one backend at most, idle and in use. Who comes while all are in use waits for `acquire_timeout`, so slow clients can take the places of all others. 0: no limit. To protect a backend use `max_connections`, which has a queue and counts tunnels as well.
   * @default 0
   */
  readonly max_size: number;
  /**
   * Idle sockets to one backend that are kept at most: one that comes back beyond that is closed. Nobody waits because of it, unlike with `max_size`. 0: no limit. For mode tcp `min_idle` says how many there are.
   * @default 0
   */
  readonly max_idle: number;
  /**
   * Idle sockets that are kept ready for each backend. In mode tcp each serves one connection, and what the server says first waits for the client. A socket that the server ends meanwhile is replaced within a second or so, more slowly where the server ends each at once. Where a server was seen to give up on silent clients after some time (MySQL's connect_timeout), its sockets are replaced after half of that. For servers that count such clients as failed (MySQL's max_connect_errors) leave it 0.
   * @default 0
   */
  readonly min_idle: number;
  /**
   * An idle socket is closed after so long. In ms.
   * @default "60s"
   */
  readonly max_idle_time: number;
  /**
   * A socket older than that is not used again. 0: no limit. In ms.
   * @default 0
   */
  readonly max_age: number;
  /**
   * How long a request may wait while the pools of all backends that could serve it are full (`max_size`); then it is refused with 503 and the error `pool_timeout`. It waits in a place of `queue`, in turn with those who wait for `max_connections`, whose limit is `queue.timeout`. How long connecting may take is said by `timeouts.connect` alone. In ms.
   * @default "10s"
   */
  readonly acquire_timeout: number;
  /**
   * Whether an idle socket is looked at before it is used again.
   * @default true
   */
  readonly validate_on_borrow: boolean;
}

/** Checks each backend in the background; one that is down gets no traffic. Without this section nothing is checked, but in the gateway form: see `routes`. */
export interface HealthCheck {
  /**
   * Turns the checks off without taking the section out.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * `tcp` connects, `http` asks for a path. Without it: `http` when `path` is given, otherwise `tcp`.
   * @default "tcp"
   */
  readonly type: 'tcp' | 'http';
  /**
   * What an HTTP check asks for.
   * @default "/"
   */
  readonly path: string;
  /**
   * Time between two checks of a backend, spread by a little chance. In ms.
   * @default "10s"
   */
  readonly interval: number;
  /**
   * A check that takes longer has failed. In ms.
   * @default "2s"
   */
  readonly timeout: number;
  /**
   * Successes in a row that bring a backend back.
   * @default 2
   */
  readonly healthy_threshold: number;
  /**
   * Failures in a row that take a backend out.
   * @default 3
   */
  readonly unhealthy_threshold: number;
  /**
   * Statuses that an HTTP check takes for healthy: codes and ranges, with commas between them.
   * @default "200-399"
   */
  readonly expected_status: string;
}

/** Where requests and connections wait while all backends are at `max_connections` or have full pools. An edit of the upstream keeps them in their order: they are served by what it brings (a higher limit, another backend), wait on by the new settings, counted from when they came, or are refused at once where it takes the queue, their place in it or the upstream away. */
export interface Queue {
  /**
   * How many may wait; the next one is refused. 0: nothing waits.
   * @default 1024
   */
  readonly max_size: number;
  /**
   * Whoever waited for so long while all backends were at `max_connections` is refused; `connection_pool.acquire_timeout` is the limit where pools are full. In ms.
   * @default "10s"
   */
  readonly timeout: number;
}

/** How long backends may take. */
export interface UpstreamTimeouts {
  /**
   * Until a connection is established. In ms.
   * @default "5s"
   */
  readonly connect: number;
  /**
   * Until the head of a response, and between two pieces of its body. In ms.
   * @default "60s"
   */
  readonly read: number;
}

/** The admin server, with the state of the proxy. Without this section there is none. */
export interface Admin {
  /**
   * Where it listens; may be the address of `metrics.listen`, both then share one server. Any address that others can reach needs `token`, `token_file` or `tls.client_ca`.
   * @default "127.0.0.1:9090"
   */
  readonly listen: string;
  /** Permissions of the unix socket, three octal digits in quotes; it has them before anybody can connect. An edit changes them on the spot. Without it: what the process's umask leaves. As a number. */
  readonly socket_mode?: number;
  /** What a client must send as `Authorization: Bearer …`. Better taken from the environment or from `token_file` than written here. */
  readonly token?: string;
  /** File with the token, relative to this file; white space around it does not count. An edit of the file counts as an edit of the config. */
  readonly token_file?: string;
  readonly tls?: AdminTls;
  /** What anybody who can reach the address may see without a token and without a certificate. */
  readonly public: readonly ('health' | 'live' | 'ready' | 'version' | 'metrics')[];
}

/** HTTPS for the admin server. Edits of the files count as edits of the config. */
export interface AdminTls {
  /** PEM file with the certificate and those that lead to its authority, relative to this file. */
  readonly cert: string;
  /** PEM file with the certificate's private key, relative to this file. */
  readonly key: string;
  /** PEM file with the authorities whose certificates clients must show, relative to this file. With a token as well, both are needed. */
  readonly client_ca?: string;
}

/** Metrics in the text format of Prometheus. */
export interface Metrics {
  /**
   * Whether metrics are served. True where the section is given without this key, and in the gateway form.
   * @default false
   */
  readonly enabled: boolean;
  /**
   * Where metrics are served: an address of their own, that of `admin.listen`, or that of a listener in mode http, which means the same as `listener`. In the gateway form it is the gateway's own address.
   * @default "127.0.0.1:9090"
   */
  readonly listen: string;
  /** Permissions of the unix socket, three octal digits in quotes; it has them before anybody can connect. An edit changes them on the spot. Without it: what the process's umask leaves. As a number. */
  readonly socket_mode?: number;
  /** Name of a listener in mode http that answers `path` itself, in place of a server at `listen`: before any route, and in no metric of requests, no span and no access line. In the forms with one listener that is `default`. */
  readonly listener?: string;
  /** Addresses and networks that may ask for the metrics; others get 403. What counts is the address of the connection. A proxy in `trusted_proxies` may ask when each client that it names in X-Forwarded-For, Forwarded or X-Real-IP may ask, too (`unknown` may not). Any other peer that sends one of these, Via or CDN-Loop gets 403, because it asks for somebody else. So name a proxy that stands in front in `trusted_proxies`; where it sends none of these headers, give the metrics an address of their own. A unix socket may always ask. Without `allow`: everybody, but on the port of a listener only loopback, private and link-local addresses. */
  readonly allow?: readonly string[];
  /**
   * Path under which they are served.
   * @default "/metrics"
   */
  readonly path: string;
  /** Upper bounds of the histograms of requests, queues and health checks, in seconds, ascending. After a change earlier durations count in the first new bucket that surely holds them: no count falls. */
  readonly buckets: readonly number[];
}

/** What is logged, how and where to. */
export interface Logging {
  /**
   * The least severe level that is logged. At `debug` each HTTP request has lines of its own, when it was received, when a backend was selected and when it was completed.
   * @default "info"
   */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /**
   * `text` for people, `json` for machines: one object a line.
   * @default "text"
   */
  readonly format: 'text' | 'json';
  /**
   * Whether each line but those of the access log names the source file and line that logged it.
   * @default false
   */
  readonly add_caller: boolean;
  /**
   * `stdout`, `stderr`, or a file, relative to this file. Its folder must exist; the file is created with mode 0640. SIGUSR1 opens it anew, and so does SIGHUP; a file that was moved, removed or truncated is noticed within a second or so as well. Lines are written in the background, at most 100 ms after they were logged, so that no output ever makes traffic wait. While one stalls or fails (a full disk, a folder that is gone, a pipe that nobody reads), up to 8 MiB of lines wait for it; further ones are dropped and counted (`balance_log_lines_dropped_total`), and one warning goes to stderr. It is tried again by itself, and when it works, a line says how many are missing.
   * @default "stdout"
   */
  readonly output: string;
  readonly rotate?: LogRotation;
  readonly access_log: AccessLog;
}

/** How files that are logged to are rotated: `x.log` becomes `x.log.1`, that becomes `x.log.2`, and so on. Lines are never lost or split by it. Without this section files grow until somebody else, such as logrotate, moves them and sends SIGUSR1. Pipes, devices and symbolic links are not rotated. */
export interface LogRotation {
  /**
   * A file is rotated before it grows beyond that. In bytes.
   * @default "100MB"
   */
  readonly max_size: number;
  /**
   * How many rotated files are kept beside the current one.
   * @default 5
   */
  readonly max_files: number;
  /** Rotated files whose last line is older are deleted. Without it: never because of their age. In ms. */
  readonly max_age?: number;
}

/** One line for each HTTP request and each tunnel (TCP connection, WebSocket), when it ends. The level does not count for them. */
export interface AccessLog {
  /**
   * Whether they are written. True where the section is given without this key.
   * @default true
   */
  readonly enabled: boolean;
  /** `text` and `json` as for other lines; `common` and `combined` are the formats of web servers, with the query in the request line; they know no tunnels. Default: that of `logging.format`. */
  readonly format?: 'text' | 'json' | 'common' | 'combined';
  /** The fields of a line in their order, for `text` and `json`. What a tunnel does not have is left out of its line. `duration` is `duration_ms` in JSON, `bytes` is `bytes_sent` for a tunnel. `refusal`, `refusal_field` and `refusal_excerpt` say which rule a refused request or response broke, in which field, and with which bytes. `query` is what follows the `?` of a request, with `***` for the values of parameters whose names sound like secrets. Text lines always begin with the time, level (`INFO`) and message (`access` or `tunnel`); in JSON these are fields like others. Default: those that tell most. */
  readonly fields?: readonly (
    | 'timestamp'
    | 'level'
    | 'message'
    | 'listener'
    | 'client_ip'
    | 'method'
    | 'path'
    | 'query'
    | 'host'
    | 'protocol'
    | 'status'
    | 'bytes'
    | 'bytes_received'
    | 'duration'
    | 'user_agent'
    | 'referer'
    | 'route'
    | 'upstream'
    | 'algorithm'
    | 'backend'
    | 'backend_address'
    | 'request_id'
    | 'trace_id'
    | 'span_id'
    | 'ended_by'
    | 'error'
    | 'refusal'
    | 'refusal_field'
    | 'refusal_excerpt'
  )[];
  /** Only lines for which this holds are written: comparisons (`==`, `!=`, `<`, `<=`, `>`, `>=`, `in (…)`, `contains`, `starts_with`, `ends_with`) of fields with numbers, durations, sizes and texts, joined by `and`, `or`, `not` and parentheses. A text field alone holds when it is not empty. */
  readonly filter?: string;
  /**
   * Share of the lines that are written: 0 none, 1 all. Those of errors (a status of 500 or more, or an `error`) are always written. Which others is told by the request id, so that several proxies keep the same ones.
   * @default 1
   */
  readonly sample: number;
  /** Where they go, as `logging.output`, which is the default. */
  readonly output?: string;
}

/** Spans of requests, sent to a collector. Without this section there are none. */
export interface Tracing {
  /**
   * Whether requests are traced. True where the section is given without this key.
   * @default true
   */
  readonly enabled: boolean;
  /** The service that the spans belong to. Default: what the environment says in `OTEL_SERVICE_NAME`, or as `service.name` in `OTEL_RESOURCE_ATTRIBUTES`, else `balance`. All other attributes in `OTEL_RESOURCE_ATTRIBUTES` count as well; `service.instance.id` is a random id of the process where they have none. */
  readonly service_name?: string;
  /**
   * What the collector understands: `jaeger` (Thrift over HTTP) or `otlp` (OpenTelemetry's protocol, protobuf over HTTP).
   * @default "jaeger"
   */
  readonly exporter: 'jaeger' | 'otlp';
  /** URL of the collector. Default: `http://localhost:14268/api/traces` for `jaeger`, `http://localhost:4318/v1/traces` for `otlp`. */
  readonly endpoint?: string;
  /** Fields of each export over `otlp`, such as the key of a hosted collector. */
  readonly headers?: {
    readonly [k: string]: string;
  };
  /** How requests carry their trace: W3C Trace Context, Zipkin's `b3` in one field or in several, Jaeger's `uber-trace-id`. The first one that a request has counts; backends get all of them. */
  readonly propagation: readonly ('w3c' | 'b3' | 'b3-multi' | 'jaeger')[];
  /**
   * Share of requests that are traced when the client did not decide: 0 none, 1 all.
   * @default 1
   */
  readonly sample_rate: number;
}

/** Protocols of your own. */
export interface Plugins {
  /** Directory with further plugins, relative to this file. Each `.mjs` or `.js` file and each folder with an `index.mjs` or `index.js` in it is one. */
  readonly directory?: string;
  /**
   * Whether the running proxy follows plugins that are added, replaced and removed. New connections get the new plugin, those that run keep theirs. With `reload.watch: false` nothing is followed; a reload by hand looks at the plugins too.
   * @default true
   */
  readonly watch: boolean;
  /**
   * How long importing a plugin may take, and how long making one of its listeners ready. A plugin that takes longer is refused. In ms.
   * @default "10s"
   */
  readonly timeout: number;
}

/** How the host names of backends, listeners and collectors are looked up. The hosts file (`/etc/hosts`), `localhost` and the names below it need no name server; for all others name servers are asked, with the servers, `search` domains and options of `/etc/resolv.conf`, and both files are followed. Look-ups are shared and run beside the traffic. While name servers fail or are silent, the last answer stays in use for as long as it takes. New connections take the addresses of a name in turn, IPv4 and IPv6, and try the next one where one does not answer. Other sources that the system may have in `/etc/nsswitch.conf` (mDNS, LDAP) are not asked. */
export interface Dns {
  /** Name servers to ask in place of those of `/etc/resolv.conf`, in this order: IP addresses, with a port where it is not 53. */
  readonly servers?: readonly string[];
  /** How long one name server may take before the next one is asked; in each further round through the servers twice as long. Default: `options timeout` of `/etc/resolv.conf`, otherwise `2s`. In ms. */
  readonly timeout?: number;
  /** How often the list of name servers is gone through. Default: `options attempts` of `/etc/resolv.conf`, otherwise 2. */
  readonly attempts?: number;
  /**
   * An answer is used for at least so long, whatever time to live the name server gives it. At least `1s`. In ms.
   * @default "5s"
   */
  readonly min_ttl: number;
  /**
   * An answer is looked up anew after this time at the latest. In ms.
   * @default "5m"
   */
  readonly max_ttl: number;
  /**
   * How long the addresses of a name stay in use after the name servers began to say that it does not exist or has none. 0: they are gone with the first such answer. In ms.
   * @default "30s"
   */
  readonly hold: number;
}

/** How edits of the config are taken over. An edit counts completely or, when anything is wrong with it, not at all. */
export interface Reload {
  /**
   * Whether the running proxy follows edits of this file, of those that it includes and of those that its keys name. SIGHUP and `POST /reload` of the admin server take them over at any time.
   * @default true
   */
  readonly watch: boolean;
  /**
   * An edit is read when nothing happened to the files for so long, so that a burst of saves is one edit. In ms.
   * @default "100ms"
   */
  readonly debounce: number;
  /**
   * How often the files are looked at when the file system reports nothing, as on a bind mount or a network file system. In ms.
   * @default "2s"
   */
  readonly poll_interval: number;
  /**
   * How long what an edit took away (a backend, a listener, a protocol's old settings) may finish its requests and tunnels before they are cut. 0: no limit. In ms.
   * @default 0
   */
  readonly drain_timeout: number;
  /**
   * How many configs that went live are kept, to look at and to go back to. 0: none.
   * @default 10
   */
  readonly history_size: number;
  /** A folder, relative to the config file, where these configs are kept over restarts as well, with their secrets and readable by the proxy's user alone; the folder that it lies in must exist. One that can't be used costs a warning. Without it: only in memory. */
  readonly history_dir?: string;
  readonly watch_errors?: WatchErrors;
}

/** A guard that goes back to the config before when a new one makes too many requests fail. Without this section there is none. */
export interface WatchErrors {
  /**
   * How long a new config is watched. In ms.
   * @default "30s"
   */
  readonly window: number;
  /**
   * The share of requests that may fail under the new config before it is taken back: 0 none, 1 all.
   * @default 0.05
   */
  readonly max_error_ratio: number;
}

/** How the proxy ends. */
export interface Shutdown {
  /**
   * How long running requests and connections may take to finish after SIGTERM, SIGINT or SIGQUIT; what is left is cut. In ms.
   * @default "30s"
   */
  readonly timeout: number;
}
