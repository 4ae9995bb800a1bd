// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.

/** Settings of `mode: http`. */
export interface HttpOptions {
  /** Rules that say what becomes of a request. */
  readonly routes: readonly Route[];
  readonly default?: number | HttpDefault;
  /** Filters that all requests of the listener with a route pass, in this order, before the filters of their route. Each entry names a filter in `use`; its other keys are the options of that filter. See [the filters](../plugins/filters/README.md). */
  readonly filters: readonly HttpFilter[];
  /**
   * How long one filter may take for its decision about a request or a response, if it does not decide at once, and to end a body that it changes. After this time the client gets 500; if the response has already begun, it is aborted. In ms.
   * @default "10s"
   */
  readonly filter_timeout: number;
  readonly transform?: Transform;
  readonly mirror?: HttpMirror;
  /** A path at which this listener itself answers with the state of the backends: 200 while all are healthy, otherwise 503. Backends that an operator has taken out do not count, and those of an upstream count as unhealthy while the circuit breakers of all of them are open. It answers before any route, and no request metric, span or access line shows these requests. Empty: there is no such path. Default: in the gateway form `/health`, unless a route has that path; in all other forms no path. */
  readonly health_endpoint?: string;
  readonly timeouts: HttpTimeouts;
  readonly limits: HttpLimits;
  /** Addresses and networks of proxies in front of this one. What one of these proxies says about the client (`X-Forwarded-*`, `Forwarded`, `X-Real-IP`, `X-Request-ID`) is kept and extended. What any other peer says is overwritten. For logs, templates, `X-Real-IP` and hashing by source, the client is the last address of X-Forwarded-For that is not in this list. Where there is no X-Forwarded-For, `Forwarded` is read in the same way. The address is used without port, brackets, quotes and zone. If an entry is no address (`unknown`, `_hidden`), the client is the last proxy that is known for sure. */
  readonly trusted_proxies: readonly string[];
  /**
   * Whether requests also get a `Forwarded` header (RFC 7239).
   * @default false
   */
  readonly forwarded: boolean;
  /** The name of this proxy in `Via`, in requests and responses. A request that arrives with this name is a loop and gets 508, so proxies behind each other need different names. Without this key, or when it is empty, the proxy adds no `Via`, because some backends (nginx) do not compress responses to requests with `Via`. Loops are found in both cases: each request to a backend has a mark of the listener in `CDN-Loop` (RFC 8586). */
  readonly via?: string;
  /**
   * Whether backends get paths in the normal form of RFC 3986: unreserved characters are decoded (`%61` becomes `a`), other encodings are in upper case, slashes are merged, and dot segments are resolved. Paths that a backend may read in another way (encoded slashes, backslashes and NULs, overlong UTF-8, dot segments with parameters) are refused with 400. `false`: paths are passed on byte by byte. With both values, routes, `health_endpoint`, hashing by path and transforms of paths use the normal form. See [how paths are read](../plugins/http/README.md).
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
   * What the proxy does when a client closes its sending side before it got all responses. `auto`: if the client's last request says that it is the last one (`Connection: close`, or HTTP/1.0 without keep-alive), the proxy answers it. Otherwise the client counts as gone: its request is cancelled, and its backend is free for others. `serve`: the proxy answers every complete request. `abort`: the client always counts as gone. With any value, a client that closes its sending side in the middle of a request body counts as gone, unless its response has begun before (`auto`, `serve`). Note for `auto`: the proxy can't tell a client that closed the whole connection from one that only closed its sending side, until it sends something to the client. So after `Connection: close`, the request of a client that left keeps its backend busy until the backend answers, or until `timeouts.read` of the upstream is over.
   * @default "auto"
   */
  readonly half_close: 'auto' | 'serve' | 'abort';
  /**
   * Whether bytes above 0x7F in request targets are percent-encoded: `/café` becomes `/caf%C3%A9`. Routes, logs, backends and `limits.target_length` then use the encoded form. A URI has no such bytes (RFC 3986), but some clients send them. `false`: requests with such bytes are refused with 400.
   * @default false
   */
  readonly encode_target: boolean;
  /**
   * Which `X-Request-ID` the client gets with a response. `own`: the id of the proxy, which is also in its logs and in the request to the backend. `backend`: the id in the backend's response, if there is one; otherwise the id of the proxy. Logs always have the id of the proxy.
   * @default "own"
   */
  readonly response_request_id: 'own' | 'backend';
  readonly redirect_https?: boolean | HttpRedirectHttps;
  readonly hsts?: boolean | HttpHsts;
  readonly client_certificate_headers?: HttpClientCertificateHeaders;
  /** Bodies of the proxy's own error responses. The proxy replaces `${status}`, `${reason}` and `${request_id}` in them by their values. */
  readonly error_pages: readonly ErrorPage[];
}

/** A rule that says what becomes of a request: `upstream`, `split`, `redirect` or `respond`. A request matches when all conditions that are given hold. When several routes match, the one with the higher `priority` wins; among these the more specific one; among these the earlier one. More specific is first the host: an exact one before a wildcard, a longer wildcard before a shorter one, any named host before none. Then the path: `exact`, then `regex`, then `suffix`, then `prefix`, and the longer suffix or prefix first. Then the number of further conditions. A route with several hosts and paths is compared as if it were one route for each pair of them. */
export interface Route {
  /** Name of the route, for logs and the variable `${route}`. Without this key: `route-` and the number of the route. */
  readonly name: string;
  /** The host of the request, without port. `*.` and a domain means all names below that domain. A dot at the end is ignored: `shop.example.` is the same as `shop.example`. */
  readonly host?: string;
  /** Hosts of the request, as in `host`: the request has one of them. */
  readonly hosts?: readonly string[];
  /** The whole path. Other spellings with the same meaning match as well: `/%61` is `/a`, and so is `//./a`. */
  readonly path?: string;
  /** This path and all paths below it. Other spellings with the same meaning match as well. */
  readonly path_prefix?: string;
  /** Conditions on the path: the path fulfils one of them. */
  readonly paths?: readonly (string | PathCondition)[];
  /** Methods: the request has one of them. `GET` does not include `HEAD`. */
  readonly methods?: readonly string[];
  /** Headers that the request must have. A text is the exact value; a section says what the value must be like, or that the header must be there or not. Of several headers with that name, the first one counts. */
  readonly headers?: {
    readonly [k: string]: string | ValueCondition;
  };
  /** Parameters of the query that the request must have, as in `headers`. The values are compared as they are decoded. Of several parameters with that name, the first one counts. */
  readonly query?: {
    readonly [k: string]: string | ValueCondition;
  };
  /** Addresses and networks: the client has one of these addresses. Behind a proxy of `trusted_proxies`, it is the address that this proxy names. */
  readonly client_ip?: readonly string[];
  readonly not?: RouteNot;
  /**
   * When several routes match, the one with the higher priority wins.
   * @default 0
   */
  readonly priority: number;
  /** Name of the upstream that gets the request. */
  readonly upstream?: string;
  /** Upstreams that share the requests of the route by weight, such as an old and a new version of a service. Give this key or `upstream`. */
  readonly split?: readonly HttpSplit[];
  /** Name of a cookie by which a client keeps the upstream that `split` chose for it, as long as the browser runs and the upstream is in `split` with a weight above 0. Backends do not get this cookie. Without this key each request is drawn anew. */
  readonly split_cookie_name?: string;
  readonly redirect?: HttpRedirect;
  readonly respond?: HttpRespond;
  readonly limits?: RouteLimits;
  readonly timeouts?: RouteTimeouts;
  /** Error pages of this route, as `http.error_pages`. For other statuses, those of the listener are used. */
  readonly error_pages?: readonly ErrorPage[];
  /** `false`: the access log shows no requests of this route. Metrics count them all the same. */
  readonly log?: boolean;
  readonly retry?: boolean | RouteRetry;
  readonly hedge?: boolean | RouteHedge;
  readonly mirror?: HttpMirror;
  /** Filters that the requests of this route pass, in this order, after the filters of the listener. Each entry names a filter in `use`; its other keys are the options of that filter. See [the filters](../plugins/filters/README.md). */
  readonly filters: readonly HttpFilter[];
  readonly transform?: Transform;
}

/** One condition on the path: exactly one of these keys, or a text, which is a `prefix`. */
export interface PathCondition {
  /** The whole path. Other spellings with the same meaning match as well. */
  readonly exact?: string;
  /** This path and all paths below it. Other spellings with the same meaning match as well. */
  readonly prefix?: string;
  /** The end of the path. */
  readonly suffix?: string;
  /** A regular expression that matches anywhere in the path, unless it begins with `^` or ends with `$`. The path is in its normal form, in which characters beyond ASCII are percent-encoded. `(?i)` at the beginning ignores case. The syntax is what JavaScript, RE2 and PCRE share, without back references, lookarounds and `\b`; the time is linear in the length of the path, whatever the expression is. */
  readonly regex?: string;
}

/** The exact value, or a section with exactly one key that says what the value must be like. */
export interface ValueCondition {
  /** The exact value. */
  readonly exact?: string;
  /** A regular expression that matches anywhere in the value, as in `paths`. */
  readonly regex?: string;
  /** `true`: it must be there, with any value. `false`: it must not be there. */
  readonly present?: boolean;
  /** `true`: it must not be there. `false`: it must be there. */
  readonly absent?: boolean;
}

/** Conditions as those of a route. The route does not match when all of these hold. */
export interface RouteNot {
  /** Hosts of the request, as in `host`: the request has one of them. */
  readonly hosts?: readonly string[];
  /** Conditions on the path: the path fulfils one of them. */
  readonly paths?: readonly (string | PathCondition)[];
  /** Methods: the request has one of them. `GET` does not include `HEAD`. */
  readonly methods?: readonly string[];
  /** Headers that the request must have. A text is the exact value; a section says what the value must be like, or that the header must be there or not. Of several headers with that name, the first one counts. */
  readonly headers?: {
    readonly [k: string]: string | ValueCondition;
  };
  /** Parameters of the query that the request must have, as in `headers`. The values are compared as they are decoded. Of several parameters with that name, the first one counts. */
  readonly query?: {
    readonly [k: string]: string | ValueCondition;
  };
  /** Addresses and networks: the client has one of these addresses. Behind a proxy of `trusted_proxies`, it is the address that this proxy names. */
  readonly client_ip?: readonly string[];
}

/** An upstream and its share of the requests. */
export interface HttpSplit {
  /** Name of the upstream. */
  readonly upstream: string;
  /**
   * Its share of the requests, compared with the other weights. 0: none.
   * @default 1
   */
  readonly weight: number;
}

/** Answers with a redirect. No backend gets the request. */
export interface HttpRedirect {
  /** Where to: a URL or a path, which may hold variables. Beside those of `transform`, there are ${scheme} (`http` or `https`, as the client sees it), ${uri} (path and query) and ${path_rest} (the path behind the `prefix` by which the route matched). A result that begins with several slashes or backslashes gets one slash, unless the text itself begins with `//`, so that no client can be led to another host. */
  readonly to: string;
  /**
   * The status: 301, 302, 303, 307 or 308. `307` and `308` have clients repeat the method and the body; `301` and `308` may be remembered for ever.
   * @default 302
   */
  readonly status: number;
  /**
   * `true`: the query of the request is not appended to `to`.
   * @default false
   */
  readonly strip_query: boolean;
}

/** Answers with a fixed response. No backend gets the request. Without `body` and `file`, a status from 400 on gets the error page of that status, or the short text that the proxy's own errors have. */
export interface HttpRespond {
  /**
   * The status.
   * @default 200
   */
  readonly status: number;
  /** The body. */
  readonly body?: string;
  /** A file with the body. The path is relative to the config file. That file is part of the config: an edit of it causes a reload. */
  readonly file?: string;
  /** The Content-Type of the body. Default: `text/plain; charset=utf-8`; for a file the type that its ending names. */
  readonly content_type?: string;
  /** Further headers of the response. The values may hold the variables of `transform`. */
  readonly headers?: {
    readonly [k: string]: string;
  };
}

/** Limits for the requests of this route, in place of those of the listener. */
export interface RouteLimits {
  /** The largest size of a request body, as `http.limits.body_size`. 0: no limit. Default: that of the listener. In bytes. */
  readonly body_size?: number;
}

/** Time limits for the requests of this route, in place of those of the listener and the upstream. */
export interface RouteTimeouts {
  /** How long a client may pause between two pieces of a request body. Default: `http.timeouts.read`. In ms. */
  readonly read?: number;
  /** How long a request may take as a whole, as `http.timeouts.request`. 0: no limit. Default: that of the listener. In ms. */
  readonly request?: number;
  /** How long a backend may send nothing while its response is awaited. Default: `timeouts.read` of the upstream. In ms. */
  readonly backend?: number;
}

/** One error page. */
export interface ErrorPage {
  /** The statuses for which this page is used. */
  readonly statuses: readonly number[];
  /**
   * The Content-Type of the page.
   * @default "text/html; charset=utf-8"
   */
  readonly content_type: string;
  /** The body itself. Give this key or `file`. */
  readonly body?: string;
  /** A file with the body. The path is relative to the config file. That file is part of the config: an edit of it causes a reload. */
  readonly file?: string;
  /** Whether the page also replaces the bodies of responses of backends with these statuses. `WWW-Authenticate`, `Retry-After` and `Allow` of the response are kept. A client that prefers JSON gets the response of the backend. */
  readonly backends?: boolean;
}

/** How requests of this route are tried again, where that differs from `resilience.retry` of the upstream: a key that is missing here has the value of the upstream. The budget is that of the upstream for all its routes together. `false`: a request of this route is sent to one backend only, whatever `resilience.retry` and `resilience.hedge` of the upstream say, as for uploads and long polls. Its body is not kept for a second try. When nothing was sent, as the connection could not be made or an idle one died, another one is taken all the same. `true`: the settings of the upstream count. A section has an effect only where the upstream has `resilience.retry`. Default: the settings of the upstream count. */
export interface RouteRetry {
  /** How often a request is tried at most, the first try included. Default: that of the upstream. */
  readonly max_attempts?: number;
  /** The longest time to wait before the second try. Default: that of the upstream. In ms. */
  readonly initial_delay?: number;
  /** The longest time to wait before any try. Default: that of the upstream. In ms. */
  readonly max_delay?: number;
  /** When a request is tried again: `connect-failure`, `reset`, `timeout`, or statuses of responses, as in `on` of `resilience.retry`. Default: those of the upstream. */
  readonly on?: readonly string[];
  /** The methods of requests that are tried again although a backend may have executed them already. Default: those of the upstream. */
  readonly methods?: readonly string[];
  /** How long one try may take, from the moment that the backend has the whole request to the head of its response. 0: only the `read` timeout of the upstream counts. Default: that of the upstream. In ms. */
  readonly per_try_timeout?: number;
  /** How many bytes of a request body are kept in memory, so that it can be sent again. Default: that of the upstream. In bytes. */
  readonly body_limit?: number;
}

/** Whether, and when, a second try of a request of this route begins beside the first one, where that differs from `resilience.hedge` of the upstream. `false`: never. A section has an effect only where the upstream has `resilience.retry` or `resilience.hedge`, as second tries draw on its budget, and not on a route with `retry: false`. `true`: the settings of the upstream count. Default: the settings of the upstream count. */
export interface RouteHedge {
  /** The second try begins when so much time has passed without the head of a response. The time that a connection takes is a part of it, and a wait in the queue is none. It needs no `retry`. In ms. */
  readonly after: number;
}

/** Sends a copy of requests to another upstream, such as a new version of a service under the real load. Its answers are ignored. A copy is sent once its request is complete, with the same header as the request. Where the request has a trace, the copy is a span of its own below it, and its backend gets the id of that span. A worker sends at most 100 copies at a time, and keeps at most 16 MiB of their bodies; beyond that copies are dropped, and the requests never wait. The mirror has its `read` timeout, but no more than a minute, to begin its answer, and as long again to end it. An answer in more than 4,096 pieces, or with more than 32 interim responses before it, ends its copy early. Requests that change the protocol (WebSockets) are not copied. */
export interface HttpMirror {
  /** Name of the upstream that gets the copies. */
  readonly upstream: string;
  /**
   * How many of the requests are copied, in percent. They are drawn at random.
   * @default 100
   */
  readonly percent: number;
  /**
   * Requests with longer bodies are not copied. In bytes.
   * @default "64KiB"
   */
  readonly body_limit: number;
}

/** One filter in a list of filters. The keys beside `use` are its options. */
export interface HttpFilter {
  /** Name of the filter: one that comes with the proxy, or that of a plugin. */
  readonly use: string;
}

/** Changes to requests before they are forwarded, and to responses before they are sent back. */
export interface Transform {
  /** Header changes on the way to the backend, in this order. */
  readonly request_headers: readonly HeaderTransform[];
  /** Header changes on the way to the client, in this order. */
  readonly response_headers: readonly HeaderTransform[];
  /** Rewrites the URLs in `Location`, `Content-Location` and `Refresh` of responses: the first entry whose `from` is the beginning of the URL replaces that beginning. The entries of a route come before those of the listener. */
  readonly locations: readonly LocationRewrite[];
  readonly cookie_rewrites?: CookieRewrite;
  /** This prefix is removed from paths that begin with it. */
  readonly strip_prefix?: string;
  /** This prefix is put before the path, after `strip_prefix` was removed. */
  readonly add_prefix?: string;
  readonly rewrite?: Rewrite;
}

/** One change to the headers of a message. */
export interface HeaderTransform {
  /** `add` appends another header of that name, `set` replaces all headers of that name, `remove` removes them. */
  readonly action: 'add' | 'set' | 'remove';
  /** The name of an HTTP header. Upper and lower case are the same. */
  readonly name: string;
  /** The value, for `add` and `set`. May hold the variables ${duration} ${client_ip} ${request_id} ${backend} ${host} ${method} ${path} ${route} ${tls_version} ${tls_cipher} ${tls_sni} ${tls_alpn} ${tls_resumed} ${tls_client_subject} ${tls_client_fingerprint} ${proxy_ip} ${proxy_authority} ${proxy_unique_id} ${proxy_tls_version} ${proxy_tls_cipher} ${proxy_client_name}. The duration is written as in logs: `150ms`, `1.52s`. The variables about TLS describe the client's connection, and are empty where it is not encrypted. Those that begin with `proxy_` come from the PROXY header that the connection began with: the address of the proxy that sent it, the host name that the client asked for, the id of the connection, and TLS between the client and that proxy, with the common name of its certificate. They are empty where the header does not say them. In texts that a client chooses, as the subject of its certificate, everything beyond visible ASCII is written as `\` and two hex digits a byte. */
  readonly value?: string;
  /** For `response_headers`: whether the change also counts for answers of the proxy itself, such as errors, redirects and those of filters. Not for requests whose head can't be read. */
  readonly always?: boolean;
}

/** One beginning of URLs, and what stands in its place. */
export interface LocationRewrite {
  /** The beginning of a URL as the backend writes it. It ends at a `/`, `?` or the end of the URL, unless it ends with `/` itself. */
  readonly from: string;
  /** What stands in its place. May hold the variables of `value`. */
  readonly to: string;
}

/** Rewrites cookies that backends set (`Set-Cookie`). Cookies of the proxy itself stay as they are. */
export interface CookieRewrite {
  /** Domains of cookies and what stands in their place. Case and a dot in front do not count. An empty text removes the attribute. */
  readonly domain?: {
    readonly [k: string]: string;
  };
  /** Beginnings of paths of cookies and what stands in their place. The first one that fits counts. */
  readonly path?: {
    readonly [k: string]: string;
  };
  /** `true`: cookies get `Secure`; `false`: they lose it. */
  readonly secure?: boolean;
  /** `true`: cookies get `HttpOnly`; `false`: they lose it. */
  readonly http_only?: boolean;
  /** Cookies get this value of `SameSite`. */
  readonly same_site?: 'strict' | 'lax' | 'none';
}

/** Rewrites the path by a regular expression, after the prefixes were changed. The query is not part of that path. */
export interface Rewrite {
  /** A JavaScript regular expression. Its first match is replaced. */
  readonly pattern: string;
  /** The text that replaces the match; `$1` to `$9` are its groups. */
  readonly replacement: string;
}

/** What becomes of a request that no route takes: the status of an error from 400 to 599, or a section with `redirect` or `respond`. With this key, neither the `upstream` of the listener nor the `backends` of a flat file get such requests. Default: these get them; where there are none, the client gets 404. */
export interface HttpDefault {
  readonly redirect?: HttpRedirect;
  readonly respond?: HttpRespond;
}

/** Time limits for clients of an HTTP listener. */
export interface HttpTimeouts {
  /**
   * How long a client may take to send a whole request head, and how long it may pause between two pieces of a request body. In ms.
   * @default "30s"
   */
  readonly read: number;
  /**
   * How long a client may take no byte at all of a response that is sent to it. For slow clients see `limits.min_rate`. In ms.
   * @default "60s"
   */
  readonly write: number;
  /**
   * How long a kept connection may be idle between two requests. In ms.
   * @default "75s"
   */
  readonly idle: number;
  /**
   * How long an upgraded connection, such as a WebSocket, may carry no byte. 0: no limit. In ms.
   * @default "1h"
   */
  readonly tunnel: number;
  /**
   * How long a request may take as a whole, from its complete head to the last byte of its response. After this time the client gets 504; if the response has already begun, it is aborted. Upgraded connections have no such limit. 0: no limit. In ms.
   * @default 0
   */
  readonly request: number;
}

/** How much a client may send in a request head and over a connection. */
export interface HttpLimits {
  /**
   * The largest size of the request line and the headers together, from 1KiB to 1MiB. A larger request gets 431; a request line that alone is larger gets 414. In bytes.
   * @default "32KiB"
   */
  readonly header_size: number;
  /**
   * The largest number of header lines in a request. A request with more gets 431.
   * @default 100
   */
  readonly header_count: number;
  /**
   * How many requests one connection may carry. After the last one, the connection is closed. 0: no limit.
   * @default 0
   */
  readonly requests_per_connection: number;
  /**
   * The largest length of the request target, in bytes. A request with a longer one gets 414.
   * @default 8192
   */
  readonly target_length: number;
  /**
   * The largest size of a request body, in bytes. A request with a larger body gets 413. If `Content-Length` shows the size, the backend does not see the request; if the body is chunked, the request is stopped in flight. 0: no limit. Bodies are streamed, not kept. In bytes.
   * @default 0
   */
  readonly body_size: number;
  /**
   * The largest age of a connection. A connection that is older is closed after its next response. 0: no limit. In ms.
   * @default 0
   */
  readonly connection_age: number;
  readonly min_rate: HttpMinRate;
}

/** The lowest rate at which a client must send and receive bodies. A slower client is cut off, so that clients that send single bytes do not keep a backend busy. Only the time in which the proxy waits for the client counts. Time does not count while the client is paused for a slow backend, waits for a backend or a `100 Continue`, or has already received all that there is to send. Upgraded connections have no such limit. */
export interface HttpMinRate {
  /**
   * How many bytes of a request body a client must send per second, framing of chunks included. A slower client gets 408; if the response has already begun, it is aborted. 0: no limit. In bytes.
   * @default "500B"
   */
  readonly request: number;
  /**
   * How many bytes of a response a client must receive per second. The connection of a slower client is reset. 0: no limit. In bytes.
   * @default "500B"
   */
  readonly response: number;
  /**
   * How long, in total, a client may be too slow before it is cut off. Time in which it is faster than the rate makes up for slow time. The proxy checks the rate only when bytes move. So a client that moves no bytes at all is cut off by `timeouts.read` or `timeouts.write` instead. The same is true of a client that receives so few bytes that the send buffer of the system stays full. In ms.
   * @default "30s"
   */
  readonly window: number;
}

/** With this section, the proxy reads request bodies into memory before it takes a backend, so that a slow client does not keep a backend busy. The proxy then also answers `Expect: 100-continue` itself and does not pass it on. Without this section, bodies are streamed. */
export interface HttpRequestBuffering {
  /**
   * How many bytes of one body are kept in memory, without the framing of chunks. The rest of a longer body is streamed. In bytes.
   * @default "1MiB"
   */
  readonly size: number;
  /**
   * How many bytes of all bodies are kept in memory at the same time, on all listeners together. While this memory is used up, further bodies are streamed, and a warning is logged. In bytes.
   * @default "256MiB"
   */
  readonly total: number;
}

/** Redirects requests to `https://`: 301 for GET and HEAD, 308 for all other methods. The value is `true`, `false`, or a section with settings. The answer names the same host, path and query; a request without a host gets 400. Not redirected are: requests that came over TLS, requests of which a trusted proxy says that they did (`X-Forwarded-Proto`, `Forwarded`), `health_endpoint`, and all below `/.well-known/acme-challenge/`, where authorities look for proofs of who owns a name. Default: no redirect. */
export interface HttpRedirectHttps {
  /**
   * The port of the TLS listener, as clients see it. The redirect names it unless it is 443.
   * @default 443
   */
  readonly port: number;
  /**
   * Whether clients may remember the redirect. `false`: 302 for GET and HEAD, 307 for all other methods, as is good for a first try.
   * @default true
   */
  readonly permanent: boolean;
}

/** Tells browsers to use nothing but HTTPS for this host from now on (`Strict-Transport-Security`, RFC 6797). The value is `true`, `false`, or a section with settings. The header is added to responses, also to error pages and other answers of the proxy itself, when the client's connection is encrypted or a trusted proxy says that it is. It is not added when the host is an IP address, because browsers ignore it there. A header of that name in a backend's response stays as it is; to replace it, use `transform.response_headers`. Default: no header. */
export interface HttpHsts {
  /**
   * How long browsers remember it, in whole seconds. `0s`: browsers forget it. In ms.
   * @default "365d"
   */
  readonly max_age: number;
  /**
   * Whether it also counts for all subdomains of the host.
   * @default false
   */
  readonly include_subdomains: boolean;
  /**
   * Whether the host may be built into browsers as HTTPS only, which takes months to undo. The lists of browsers also want `include_subdomains` and a `max_age` of at least 365 days.
   * @default false
   */
  readonly preload: boolean;
}

/** Tells backends about the client's certificate (`client_auth`): which header has what. Without this section backends learn nothing of it. Headers with these names that a client sends are removed, on all connections of the listener, also under other spellings (`X_Client_Subject`), and routes do not see them. A client without a certificate gets no such header. Behind a proxy that terminates TLS, leave this section out and let that proxy set the headers. */
export interface HttpClientCertificateHeaders {
  /** Header for the certificate itself: its DER form in Base64 between colons, as `Client-Cert` of RFC 9440 has it. With this name, `Client-Cert-Chain` of clients is removed too. */
  readonly certificate?: string;
  /** Header for the subject, as in `CN=client,O=Example`. Everything beyond visible ASCII is written as `\` and two hex digits a byte. */
  readonly subject?: string;
  /** Header for the name of the authority that signed it, written like the subject. */
  readonly issuer?: string;
  /** Header for the serial number in upper-case hex digits. */
  readonly serial?: string;
  /** Header for the SHA-256 of the certificate, in upper-case hex digits without colons. */
  readonly fingerprint?: string;
  /** Header for the end of its validity, as in `2027-01-31T12:00:00Z`. */
  readonly not_after?: string;
  /** Header that says whether an authority of `client_ca_file` signed the certificate: `true` or `false`. It is `false` only with `client_auth: request` or `require`, which check nothing. */
  readonly verified?: string;
}
