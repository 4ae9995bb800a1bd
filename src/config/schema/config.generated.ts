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
  readonly overload?: Overload;
  readonly workers: Workers;
  readonly reload: Reload;
  readonly shutdown: Shutdown;
  readonly upgrade: Upgrade;
}

/** A bound address and its protocol. */
export interface Listener {
  /** A name for logs, metrics and references: 1 to 100 visible characters. */
  readonly name: string;
  /** The address at which connections are accepted. Without a host: all interfaces. Port 0: any free port. */
  readonly address: string;
  /** The protocol: `http`, `tcp` (any bytes) or the name of a plugin. */
  readonly mode: string;
  /** Name of the upstream for requests and connections that match no route. */
  readonly upstream?: string;
  /**
   * How many connections the listener may hold at the same time. Further connections are closed immediately. 0: no limit.
   * @default 0
   */
  readonly max_connections: number;
  /**
   * TCP keepalive: when a client has sent nothing for this time, the operating system sends it up to ten probes, one second apart. When it answers none of them, it counts as gone and its connection is closed. The time counts in whole seconds; fractions are rounded up. 0: no probes. An edit applies to new connections only. In ms.
   * @default "60s"
   */
  readonly tcp_keepalive: number;
  /** Permissions of the unix socket: three octal digits in quotes. They are set before any client can connect. An edit changes them immediately. Without this key: what the umask of the process leaves. As a number. */
  readonly socket_mode?: number;
  readonly tls?: ListenerTls;
  readonly proxy_protocol?: ListenerProxyProtocol;
  readonly http?: HttpOptions;
  readonly tcp?: TcpOptions;
  /** Settings of a plugin's mode. The plugin defines which settings there are. */
  readonly options?: {
    readonly [k: string]: unknown;
  };
}

/** TLS on this listener. Names with a certificate are decrypted here; names under `sni` are passed on undecrypted. */
export interface ListenerTls {
  /** The certificates of this listener. Empty: nothing is decrypted here. */
  readonly certificates: readonly TlsCertificate[];
  /**
   * The oldest version of TLS that clients may use.
   * @default "1.2"
   */
  readonly min_version: '1.2' | '1.3';
  /**
   * The newest version of TLS that clients may use.
   * @default "1.3"
   */
  readonly max_version: '1.2' | '1.3';
  /** The cipher suites that may be used, the preferred one first. Names are those of the standards (`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`) or of OpenSSL (`ECDHE-RSA-AES128-GCM-SHA256`). TLS 1.2 and TLS 1.3 have different suites. A list that names no suite of a version leaves that version its defaults. */
  readonly cipher_suites: readonly string[];
  /** The groups for the key exchange, the preferred one first: `X25519`, `P-256`, `P-384`, `P-521`, `X448`, and `X25519MLKEM768` where the runtime has it (OpenSSL 3.5, as in current versions of Node.js 22 and newer). The names of OpenSSL and Go, such as `prime256v1` and `CurveP256`, mean the same. Without this key: those that the runtime prefers. */
  readonly curves?: readonly string[];
  /**
   * Whether the order of `cipher_suites` decides which suite is used. `false`: the order of the client does.
   * @default true
   */
  readonly prefer_server_cipher_suites: boolean;
  /**
   * `true`: clients get no session tickets, so each connection needs a full handshake. Otherwise a client that comes back resumes its session, which saves most of the work. The keys of the tickets change every 12 hours.
   * @default false
   */
  readonly session_tickets_disabled: boolean;
  /** The protocols that are offered to the other side by ALPN, the preferred one first. Without this key: `http/1.1` in mode http, otherwise none. In mode http, `h2` is left out with a warning, because the proxy does not speak HTTP/2 yet. In mode tcp the proxy passes on what both sides speak, so any name may be offered. */
  readonly alpn_protocols?: readonly string[];
  /**
   * Whether clients show a certificate. `none`: they are not asked. `request`: they are asked, and any certificate or none is accepted. `require`: they must show one, which is not verified. `verify`: a certificate that a client shows must be signed by `client_ca_file`, but a client may show none. `require-and-verify`: they must show one, and it must be signed by `client_ca_file`. Unverified certificates prove nothing: anyone can make one. In mode http a refused client gets an answer 400 to its first request, which says why in one sentence, and the connection ends; no route and no backend sees the request. In other modes only the connection ends: with the alert `certificate_required` or `handshake_failure` if there is no certificate, otherwise with `close_notify`. The handshake counts as failed, and the log says why.
   * @default "none"
   */
  readonly client_auth: 'none' | 'request' | 'require' | 'verify' | 'require-and-verify';
  /** PEM file with the certificate authorities that sign the certificates of clients. The path is relative to this file. `verify` and `require-and-verify` need it. */
  readonly client_ca_file?: string;
  /** PEM file with the certificate revocation lists of these authorities. The path is relative to this file. A client whose certificate is revoked is refused. When the time of the next update in the list has passed, all clients of its authority are refused, so renew the file before. */
  readonly client_crl_file?: string;
  /**
   * `true`: a client that asks for a name that no certificate has, or for no name, is refused with the alert `unrecognized_name`. `false`: it gets the default certificate.
   * @default false
   */
  readonly strict_sni: boolean;
  /**
   * How long a handshake may take, from the first byte that is expected to the last. A connection that takes longer is closed. In ms.
   * @default "10s"
   */
  readonly handshake_timeout: number;
  /**
   * How many handshakes the listener may have under way at the same time. As many connections again may wait for their ClientHello. When a further one comes, the oldest one is closed instead of it, of those from the address that has most: so a flood of half-done handshakes locks nobody out. 0: no limit.
   * @default 1000
   */
  readonly max_handshakes: number;
  /**
   * How many connections one client address may begin within a second. An IPv6 client counts by its network (`/64`). Further connections are closed. 0: no limit.
   * @default 0
   */
  readonly max_handshakes_per_address: number;
  readonly sni?: SniRouting;
}

/** A certificate with its key, and the names that it serves. Two certificates may serve one name if one has an RSA key and the other an ECDSA key: each client then gets the one that it supports. */
export interface TlsCertificate {
  /** PEM file with the certificate, followed by the intermediate certificates that lead to its authority. The path is relative to this file. A change of the file is an edit of the config. An edit with a certificate that has expired or is not valid yet is refused; at the start, and when the proxy uses it already, such a certificate is only a warning. */
  readonly cert_file: string;
  /** PEM file with the private key of the certificate. The path is relative to this file. */
  readonly key_file: string;
  /** File with the password of `key_file`, if that key is encrypted. The path is relative to this file. Line breaks at the end are ignored. */
  readonly key_password_file?: string;
  /** The names for which this certificate is used: exact names, and `*.` with a domain for all names one level below it. International names may be written as they are read. Without this key: the names that are in the certificate. */
  readonly domains: readonly string[];
  /**
   * Whether clients get this certificate that ask for no name, or for a name that no certificate has. Without this key: the first certificate of the list is the default.
   * @default false
   */
  readonly default: boolean;
  /** As the key of the same name beside `certificates`, for clients that get this certificate. Without this key: the value there. */
  readonly client_auth?: 'none' | 'request' | 'require' | 'verify' | 'require-and-verify';
  /** As the key of the same name beside `certificates`, for clients that get this certificate. Without this key: the value there. */
  readonly client_ca_file?: string;
  /** As the key of the same name beside `certificates`, for clients that get this certificate. Without this key: the value there. */
  readonly client_crl_file?: string;
}

/** Connections that are passed on undecrypted, by the name that the client asks for (SNI). */
export interface SniRouting {
  /** The upstream of each name. */
  readonly routes: readonly SniRoute[];
  /** Name of the upstream for clients that ask for no name, or for one that has neither a route nor a certificate. With Encrypted Client Hello (ECH), the name that everybody may see counts. Without this key: the certificates of the listener; if there are none, the listener's own upstream in `mode: tcp`, and otherwise the client is refused. */
  readonly default?: string;
  /** How long a connection that is passed on undecrypted may carry no byte in either direction. 0: no limit. Without this key: 10m. In `mode: tcp`, `tcp.timeouts.idle` counts instead. In ms. */
  readonly idle_timeout?: number;
}

/** A name and its upstream. */
export interface SniRoute {
  /** The name that clients ask for, or `*.` with a domain. */
  readonly name: string;
  /** Name of the upstream. */
  readonly upstream: string;
}

/** The PROXY protocol: a load balancer in front says in a header who the client is. That address then counts in limits, logs, hashing and X-Forwarded-For. */
export interface ListenerProxyProtocol {
  /**
   * Whether connections begin with a PROXY protocol header (version 1 or 2). With `true`, a connection from an address in `trusted` must begin with one, and connections from all other addresses are refused. The proxy never guesses whether a header is there.
   * @default true
   */
  readonly accept: boolean;
  /** Addresses and networks of the load balancers in front, which send the header. `accept` needs at least one. What connects to a unix socket is always trusted. */
  readonly trusted: readonly string[];
  /**
   * How long the header may take to arrive. Then the connection is closed. In ms.
   * @default "5s"
   */
  readonly timeout: number;
}

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

/** Settings of `mode: tcp`. */
export interface TcpOptions {
  readonly timeouts: TcpTimeouts;
}

/** Time limits of a TCP connection. */
export interface TcpTimeouts {
  /**
   * How long a connection may carry no byte in either direction. 0: no limit. In ms.
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
  readonly slow_start?: SlowStart;
  readonly sticky?: Sticky;
  readonly queue: Queue;
  readonly outlier_detection?: OutlierDetection;
  readonly resilience: Resilience;
  readonly timeouts: UpstreamTimeouts;
  /**
   * TCP keepalive: when a backend has sent nothing for this time, the operating system sends it up to ten probes, one second apart. When it answers none of them, it counts as gone and its connection is closed. The time counts in whole seconds; fractions are rounded up. 0: no probes. In ms.
   * @default "60s"
   */
  readonly tcp_keepalive: number;
  readonly tls?: UpstreamTls;
  /** Sends a PROXY protocol header (version 1 as text, version 2 binary) to each backend before anything else, so that the backend sees the address of the client. The backend must expect it. HTTP connections with such a header serve one client only. Health checks send a header that says that they come from the proxy itself. */
  readonly proxy_protocol?: 'v1' | 'v2';
}

/** One server. */
export interface BackendConfig {
  /** Name of the backend in logs, metrics and routes. Without this key: the address as written. */
  readonly name: string;
  /** The address of the server. An `http://` or `https://` URL without a path is also accepted; `https://` turns on TLS to all backends of the upstream. */
  readonly address: string;
  /** The URL as written, if the file gave one. */
  readonly url?: string;
  /**
   * The backend's share of the traffic, compared with the other backends. It counts for every algorithm but `round-robin` and `least-connections`, which treat all backends alike. 0: the backend gets no new traffic, with any algorithm; clients that `sticky` keeps there go on.
   * @default 1
   */
  readonly weight: number;
  /**
   * Backends with the lowest number are used first. Those with the next number get traffic while none of the ones before is up. A backend that is full is up: requests wait for it.
   * @default 0
   */
  readonly priority: number;
  /**
   * `true`: the backend gets traffic only while none of the others is up. It comes after every `priority`.
   * @default false
   */
  readonly backup: boolean;
  /** Where the backend is, for `load_balancer.zone`. */
  readonly zone?: string;
  /**
   * How many connections to this backend may be in use at the same time. Further requests and connections wait in the queue. 0: no limit.
   * @default 0
   */
  readonly max_connections: number;
  /** The port of this backend's agent, where it is not `health_check.agent_check.port`. */
  readonly agent_port?: number;
  /**
   * How many HTTP requests of this upstream the backend may work on at the same time. Further requests go to other backends, or wait in the queue. A request counts until its response is complete; WebSockets and other tunnels count no longer once they have begun, nor do connections of `mode: tcp`: `max_connections` bounds these. HTTP/1.1 needs a connection for each request, so this is the limit for requests where tunnels may have more. With several workers, those of all of them count. 0: no limit.
   * @default 0
   */
  readonly max_requests: number;
}

/** How the proxy chooses a backend. */
export interface LoadBalancer {
  /**
   * Name of the algorithm. `round-robin`: one backend after the other. `weighted-round-robin`: the same, in proportion to the weights, well mixed. `random`: by chance, in proportion to the weights. `power-of-two`: draws two backends as `random` does, and takes the one that has fewer requests and connections in proportion to its weight. `least-connections`: the backend with the fewest requests and connections. `weighted-least-connections`: the backend with the fewest in proportion to its weight. `least-time`: the backend with the least time × (1 + requests and connections) / weight; the time is the average until the first byte of a response, or, in mode tcp, until the connection to the backend is made (connections of `min_idle` are not measured). `peak-ewma`: draws two backends as `random` does, and takes the one for which that product is less; its average follows a slow response at once. `consistent-hash`, `bounded-consistent-hash` and `maglev`: the same `hash_key` always leads to the same backend, and keys are spread in proportion to the weights. Algorithms that take turns start at a random place in the list, so that many proxies that start together do not all begin with the first backend. After an edit, the turns go on where they were. With `least-time` and `peak-ewma` each worker measures by itself, an edit keeps the averages of the backends that it leaves, a failed request counts as one that took twice the average, and the average of a backend that gets no requests halves every ten seconds, so that it is tried again. `p2c` and `power-of-two-choices` mean `power-of-two`. `_` may be written for `-`.
   * @default "round-robin"
   */
  readonly algorithm:
    | 'round-robin'
    | 'weighted-round-robin'
    | 'random'
    | 'power-of-two'
    | 'least-connections'
    | 'weighted-least-connections'
    | 'least-time'
    | 'peak-ewma'
    | 'consistent-hash'
    | 'bounded-consistent-hash'
    | 'maglev';
  /** What the hashing algorithms (`consistent-hash`, `bounded-consistent-hash`, `maglev`) hash. Without this key: `source-ip`. In mode tcp only `source-ip` is possible. `cookie:NAME` hashes the value of a cookie that the application sets; the proxy sets none, requests without it are spread, and when a backend joins or leaves, a part of the clients changes backends. To keep clients at their backends, use `sticky`. Keys are led to backends by the names of these, so that another order or address of backends moves no key. */
  readonly hash_key?: string;
  /** The zone of the proxy. Backends with the same `zone` come before others of the same `priority`, while they have room. */
  readonly zone?: string;
  /**
   * Per cent of the backends of the own `zone` that must be up. With fewer of them, all zones share the traffic, so that the last backends of a zone are not overrun.
   * @default 50
   */
  readonly zone_min_up: number;
  /**
   * For `bounded-consistent-hash`: the limit of one backend, as a multiple of its fair share. The fair share is the backend's share by weight of all running requests and connections. When a backend is at this limit, its keys go to the next backend.
   * @default 1.25
   */
  readonly load_factor: number;
}

/** The sockets that the proxy keeps open to each backend. */
export interface ConnectionPool {
  /**
   * Whether sockets are kept for later use. `false`: no socket is kept.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * The largest number of sockets to one backend, idle and in use together. While all of them are in use, further requests wait, for `acquire_timeout` at most. So slow clients can use up the places of all other clients. 0: no limit. To protect a backend, use `max_connections` instead: it has a queue and also counts tunnels.
   * @default 0
   */
  readonly max_size: number;
  /**
   * The largest number of idle sockets that are kept to one backend. When more sockets become idle, they are closed. Unlike `max_size`, this limit makes no request wait. 0: no limit. In mode tcp, `min_idle` sets the number of idle sockets.
   * @default 0
   */
  readonly max_idle: number;
  /**
   * How many idle sockets are kept ready for each backend. In mode tcp, each of these sockets serves one connection, and what the server sends first is held until a client comes. When the server closes such a socket, the proxy replaces it within about a second; it takes longer if the server closes each new socket immediately. Some servers close connections of silent clients after some time (MySQL: `connect_timeout`). When the proxy has seen this, it replaces the sockets to that server after half of that time. Some servers count silent clients as failed (MySQL: `max_connect_errors`): leave `min_idle` at 0 for them.
   * @default 0
   */
  readonly min_idle: number;
  /**
   * A socket that has been idle for this time is closed. In ms.
   * @default "60s"
   */
  readonly max_idle_time: number;
  /**
   * The largest age of a socket. A socket that is older is not used again. 0: no limit. In ms.
   * @default 0
   */
  readonly max_age: number;
  /**
   * How long a request may wait when no backend can take it and the connection pool of at least one of them is full (`max_size`). After this time the request is refused with 503 and the error `pool_timeout`. While it waits, it has a place in `queue`. The same queue holds the requests that wait because of `max_connections`, and serves all of them in turn; their time limit is `queue.timeout`. This key does not limit how long connecting takes: only `timeouts.connect` does. In ms.
   * @default "10s"
   */
  readonly acquire_timeout: number;
  /**
   * Whether the proxy checks an idle socket before it uses the socket again.
   * @default true
   */
  readonly validate_on_borrow: boolean;
}

/** Checks each backend in the background. A backend that is down gets no traffic, with one exception: before a request fails because no other backend could be connected to, it is tried as well. Without this section there are no checks, except in the gateway form: see `routes`. Each upstream checks its backends on its own: a backend of two upstreams has a state in each. At most 256 checks run at a time; further ones wait for their turn. The first checks of many backends are spread over a second, and the next ones over an interval, so that they do not come all at once. */
export interface HealthCheck {
  /**
   * `false` turns the checks off while the section stays in the file. `passive_checks` and `agent_check` have a key `enabled` of their own.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * `tcp`: the check connects; with `send` and `expect` it also talks. `http`: the check sends a request and looks at the answer. It follows no redirects. `https`: as `http`, over TLS with the settings of `tls` of the upstream. The name of a protocol whose plugin brings a `probe`: the plugin checks. Without this key: `tcp`, or, if `path`, `method`, `hostname`, `headers` or `expected_body` is given, `http` (`https` where the backends speak TLS). Checks of type `grpc` need HTTP/2, which the proxy does not speak yet.
   * @default "tcp"
   */
  readonly type: string;
  /** The port that the check connects to, where it is not the port of the backend. Backends that are unix sockets have no port. */
  readonly port?: number;
  /**
   * The path that an HTTP check asks for.
   * @default "/"
   */
  readonly path: string;
  /**
   * The method of an HTTP check.
   * @default "GET"
   */
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST';
  /** The `Host` header of an HTTP check. Without this key: the address of the backend. It does not change the name that the certificate of the backend must have: see `tls.server_name`. */
  readonly hostname?: string;
  /** Further header fields of an HTTP check. The proxy writes `Host` (see `hostname`) and the fields that frame a message itself. */
  readonly headers?: {
    readonly [k: string]: string;
  };
  /**
   * The statuses that mean healthy in an HTTP check: codes and ranges, separated by commas, or a list of them.
   * @default "200-399"
   */
  readonly expected_status: string;
  /** A text that must be in the body of the answer to an HTTP check, in its first 64 KiB. Upper and lower case are different. Without this key the body is not read. */
  readonly expected_body?: string;
  /** What a check of type `tcp` sends once it is connected (over TLS, where the backends are used with TLS). `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` stand for one byte each, HH in hex. */
  readonly send?: string;
  /** What the backend must answer to a check of type `tcp`: this text anywhere in the first 16 KiB that it sends. Escapes as in `send`. Without this key its answer is not read. */
  readonly expect?: string;
  /**
   * The time between two checks of a backend. It varies by a tenth by chance. In ms.
   * @default "10s"
   */
  readonly interval: number;
  /** The time between two checks while the state of the backend changes: from the first result that speaks against the state until the threshold is reached, or a result confirms the state. Without this key: `interval`. In ms. */
  readonly fast_interval?: number;
  /** The time between two checks while the backend is up and gets no traffic. `interval` counts again within a second after its next request. Without this key: `interval`. In ms. */
  readonly no_traffic_interval?: number;
  /**
   * The time limit of one check, from the connect to the last byte that it needs. A check that takes longer has failed. In ms.
   * @default "2s"
   */
  readonly timeout: number;
  /**
   * How many checks in a row must pass to bring a backend back into use (`rise` elsewhere).
   * @default 2
   */
  readonly healthy_threshold: number;
  /**
   * How many checks in a row must fail to take a backend out of use (`fall` elsewhere).
   * @default 3
   */
  readonly unhealthy_threshold: number;
  /**
   * The state of a backend before its first check, at the start and when an edit brings it. `up`: it gets traffic, and its first check decides alone. `fully-up`: it gets traffic, until `unhealthy_threshold` checks have failed. `down`: it gets none before its first passed check. `fully-down`: it gets none before `healthy_threshold` passed checks. A backend that was checked before keeps the state that it has.
   * @default "up"
   */
  readonly initial_state: 'up' | 'fully-up' | 'down' | 'fully-down';
  readonly passive_checks?: PassiveChecks;
  readonly agent_check?: AgentCheck;
}

/** Watches the answers that clients get from a backend. One that fails too often is ejected: it gets no requests for some time (`outlier_detection`). A failure is a connection that fails or breaks, an answer that does not come in time, or a status of 500 and more, except 501 and 505. */
export interface PassiveChecks {
  /**
   * `false` turns passive checks off while the section stays in the file. Then nothing is ejected, and of `outlier_detection` only `panic_threshold` counts.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * So many failures in a row eject a backend. With several workers, those of all of them count.
   * @default 5
   */
  readonly consecutive_failures: number;
  /**
   * A backend is also ejected when this part of its requests in `window` failed: 0.5 is one of two. Each worker judges by the requests that it sees.
   * @default 0.5
   */
  readonly error_rate_threshold: number;
  /**
   * So many requests must be in `window` before `error_rate_threshold` counts: one failure among two requests says little.
   * @default 20
   */
  readonly min_requests: number;
  /**
   * The time that `error_rate_threshold` looks back. In ms.
   * @default "1m"
   */
  readonly window: number;
}

/** Asks an agent beside each backend what it may get, as `agent-check` of HAProxy does. The agent answers a connection with one line of words: `75%` (so much of its weight), `drain` (it keeps its clients and gets no new ones), `maint` (it gets nothing), `ready` (neither of these), `down`, `failed` or `stopped`, perhaps with a reason behind `#`, `up`, and `maxconn:30` (so many connections of the proxy, in place of `max_connections`; 0: no limit; over all workers). Each holds until the agent says otherwise. Other words are passed over. An agent that does not answer, or not in these words, changes nothing; the log tells when that begins and ends. The backend is down when its active checks or its agent say so; `up` of the agent does not outweigh checks that fail. */
export interface AgentCheck {
  /**
   * `false` turns the agents off while the section stays in the file. What they said no longer counts.
   * @default true
   */
  readonly enabled: boolean;
  /** The port of the agents. */
  readonly port: number;
  /** Host name or IP address of the agent, where one agent speaks for all backends. Without this key: the host of each backend (`127.0.0.1` for a unix socket). */
  readonly hostname?: string;
  /** What is sent to the agent first. `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` stand for one byte each, HH in hex. Without this key: nothing. */
  readonly send?: string;
  /**
   * The time between two questions. It varies by a tenth by chance. In ms.
   * @default "2s"
   */
  readonly interval: number;
  /**
   * The time limit of one question, from the connect to the end of the line. Without an answer by then, nothing changes. In ms.
   * @default "1s"
   */
  readonly timeout: number;
}

/** Lets backends that come up after they were down, ejected or taken out, and those that an edit of the config brings, get their part of the requests little by little. Their caches may be cold. There is no slow start when the process begins, and none while health is ignored (`panic_threshold`). Where all backends of a priority have just come up, nobody could take over what they do not get: then only the differences between them count. All algorithms know it: those with weights and leases count less weight; `round-robin` passes the backend over in some rounds; those that hash give it a part of its keys, which grows, and a key that it has got stays. Clients that `sticky` keeps at the backend go there all the same. Other edits do not begin it anew, and an edit of this key goes on from the same moment. With several workers, each counts the time by itself. */
export interface SlowStart {
  /** After this time the backend gets its whole part of the requests. 0: at once. In ms. */
  readonly window: number;
  /**
   * Per cent of its weight that the backend gets at first. With much less, it would get too few requests to become warm.
   * @default 10
   */
  readonly min_weight: number;
  /**
   * How the part grows: it is (time / `window`) to the power of 1 / `aggression`. 1: evenly. With 2 it grows faster at first, with 0.5 slower.
   * @default 1
   */
  readonly aggression: number;
}

/** Keeps each client at the backend that served it first. A client whose backend is gone, down or in maintenance gets another one, perhaps a `backup`, and stays there when its first backend is back. A backend with weight 0, or one that drains, keeps its clients and gets no new ones. While a backend is full, a request of its client goes to another one, and the client stays where it is. Other edits, such as other weights and addresses, change nothing. With type `cookie`, the client gets a cookie with the first response, which then also gets `Cache-Control: private`, so that no cache gives it to others; backends do not get the cookie. It names a backend by the names of upstream and backend, so it outlives restarts, and all workers and proxies with the same key agree. With types `source` and `header`, a table in memory remembers the clients: all workers share it, it never grows beyond `size`, and it outlives edits, but no restart and no upgrade. New clients get a backend by `load_balancer`: with an algorithm that hashes the same value, clients that were forgotten come back to their backends as a rule. */
export interface Sticky {
  /**
   * `false` turns stickiness off while the section stays in the file.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * `cookie`: by a cookie of the proxy. `source`: by the address of the client, which trusted proxies in front of this one may name; the only type for mode tcp. `header`: by a header field of the request, such as the id of a user or a device; requests without it are spread.
   * @default "cookie"
   */
  readonly type: 'cookie' | 'source' | 'header';
  /** The name of the cookie, or, required there, of the header field of type `header`. Two upstreams that serve the same host need different cookies. Without this key the cookie is called `balance_` and eight digits that the name of the upstream gives. */
  readonly name?: string;
  /** The key that cookies are made with. Proxies with the same key, and the same names of upstream and backends, understand each other's cookies. Without this key and `secret_file`, the proxy makes a key of its own and keeps it in `reload.history_dir`; without that folder the key lasts over upgrades but no restart, after which each client gets a backend anew. At least 16 characters. */
  readonly secret?: string;
  /** File with the key, in place of `secret`. The path is relative to this file. Line breaks at the end are ignored. */
  readonly secret_file?: string;
  /**
   * The attribute `Path` of the cookie: clients send it for paths below this one.
   * @default "/"
   */
  readonly path: string;
  /** The attribute `Domain` of the cookie. Without this key, only the host that set it gets the cookie. */
  readonly domain?: string;
  /**
   * How long a client keeps the cookie, in whole seconds. 0: until the browser ends. In ms.
   * @default "0s"
   */
  readonly max_age: number;
  /**
   * The attribute `SameSite` of the cookie. `none` only works with `secure`.
   * @default "lax"
   */
  readonly same_site: 'lax' | 'strict' | 'none';
  /**
   * Whether clients send the cookie over TLS alone. `auto`: when the client's connection is encrypted, as the listener or a trusted proxy in front of it says.
   * @default "auto"
   */
  readonly secure: 'auto' | 'always' | 'never';
  /**
   * Whether scripts of a page can't read the cookie.
   * @default true
   */
  readonly http_only: boolean;
  /**
   * Clients that the table of types `source` and `header` has room for; each takes about 13 bytes. When there is no room, the one of some clients that was away longest is forgotten, and gets a backend anew. An edit of this key, of `type` or of `name` begins with an empty table.
   * @default 100000
   */
  readonly size: number;
  /**
   * For types `source` and `header`: a client that sent nothing for this time is forgotten. In ms.
   * @default "30m"
   */
  readonly ttl: number;
  /**
   * For type `source`: so many bits of an IPv4 address count, so that all clients of one network stay together. An edit begins with an empty table.
   * @default 32
   */
  readonly ipv4_prefix: number;
  /**
   * For type `source`: so many bits of an IPv6 address count. A client changes the last 64 bits of its address from time to time. An edit begins with an empty table.
   * @default 64
   */
  readonly ipv6_prefix: number;
}

/** Where requests and connections wait while every backend is at `max_connections`, at `max_requests`, at the limit of `resilience.adaptive_concurrency`, or has a full pool. When an edit changes the upstream, the waiting ones keep their order. If the edit makes room (a higher limit, another backend), they are served. Otherwise they go on waiting, with the new settings; the time that they have already waited counts. If the edit removes the queue, their place in it or the upstream, they are refused immediately. */
export interface Queue {
  /**
   * How many requests and connections may wait. When the queue is full, further ones are refused. 0: nothing waits.
   * @default 1024
   */
  readonly max_size: number;
  /**
   * How long a request or connection may wait because all backends are at `max_connections` or another of their limits. After this time it is refused. If the pool of a backend is full, `connection_pool.acquire_timeout` is the limit instead. In ms.
   * @default "10s"
   */
  readonly timeout: number;
}

/** For how long passive checks eject backends, and how many of them. This section alone turns passive checks on, with the defaults of `health_check.passive_checks`. An edit of either section takes all ejections back; other edits keep them. An active check that passes during an ejection ends it. */
export interface OutlierDetection {
  /**
   * `false` turns ejection off while the section stays in the file.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * How long the first ejection lasts. The second in a row lasts twice as long, the third three times, and so on. In ms.
   * @default "30s"
   */
  readonly base_ejection_time: number;
  /**
   * The longest ejection. A time shorter than `base_ejection_time` counts as that. In ms.
   * @default "5m"
   */
  readonly max_ejection_time: number;
  /**
   * A backend that has stayed in for this time loses one of its ejections in a row. So often the success rates and the times of the backends are compared, too. In ms.
   * @default "10s"
   */
  readonly interval: number;
  /**
   * At most so many per cent of the backends may be ejected at a time, the one in question included. Backends of weight 0 and those that an operator has taken out do not count. The last backend that can serve is never ejected. The default of 50 lets one of two be ejected; with 10, as Envoy has it, no backend of an upstream with fewer than ten could be.
   * @default 50
   */
  readonly max_ejection_percent: number;
  /** When fewer than so many per cent of the backends pass their checks, active and passive ones, the checks are ignored, and all backends get requests: to send all of them to the few that are left would bring these down too. 0: checks always count, and with all backends down requests get 503. Default: 50 while ejection is on, otherwise 0: with two of three backends down, all three get requests then. */
  readonly panic_threshold?: number;
  readonly success_rate?: SuccessRate;
  readonly latency?: LatencyRule;
}

/** Compares the backends with each other, every `interval`: one whose part of successful requests is far below that of the others is ejected. Each worker judges by the requests that it sees. */
export interface SuccessRate {
  /**
   * A backend is ejected when its success rate is below the mean of all, minus this many standard deviations.
   * @default 1.9
   */
  readonly stdev_factor: number;
  /**
   * So many backends must have had `min_requests`.
   * @default 5
   */
  readonly min_hosts: number;
  /**
   * So many requests a backend must have had in `interval` to be compared.
   * @default 100
   */
  readonly min_requests: number;
}

/** Compares how fast the backends answer HTTP requests, every `interval`: one that is much slower than the others is ejected. Without this section times are not compared. Each worker judges by the requests that it sees. A backend whose requests are slower by their nature (a zone far away, reports) looks the same: use it where all backends do the same work. */
export interface LatencyRule {
  /**
   * A backend is ejected when its mean time to the first byte of a response is more than so many times the median of the others' means.
   * @default 3
   */
  readonly factor: number;
  /**
   * A shorter mean is never too slow: where all backends answer within a few milliseconds, a factor is chance. In ms.
   * @default "50ms"
   */
  readonly min_time: number;
  /**
   * So many backends must have had `min_requests`.
   * @default 3
   */
  readonly min_hosts: number;
  /**
   * So many responses a backend must have sent in `interval` to be compared.
   * @default 20
   */
  readonly min_requests: number;
}

/** What the proxy does when backends of an upstream fail. */
export interface Resilience {
  readonly circuit_breaker?: CircuitBreaker;
  readonly retry?: Retry;
  readonly hedge?: Hedge;
  readonly adaptive_concurrency?: AdaptiveConcurrency;
}

/** Gives a backend that fails a pause. Its breaker opens after failures, and the backend gets nothing for `timeout`. Then it is half-open: a few requests show whether the backend is well again. If they succeed, it closes; if one fails, it opens again. A failure is a connection that fails or breaks, an answer that does not come in time, or a status of 500 and more, except 501 and 505. A half-open breaker takes a WebSocket, and a connection of `mode: tcp`, for a success as soon as it has begun: it may go on for hours. When the breakers of all backends are open, requests are answered at once with 503, `Retry-After` and `X-Balance-Reason: circuit_open`. An edit of this section begins with closed breakers; other edits keep their state. With several workers, the state, the failures in a row and the requests of a half-open breaker count for all of them. */
export interface CircuitBreaker {
  /**
   * `false` turns the breakers off while the section stays in the file.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * So many failures in a row open the breaker.
   * @default 5
   */
  readonly max_failures: number;
  /** The breaker also opens when this part of the requests in `window` failed: 0.5 is one of two. Each worker judges by the requests that it sees. Without this key only `max_failures` counts. */
  readonly error_rate_threshold?: number;
  /**
   * So many requests must be in `window` before `error_rate_threshold` counts: one failure among two requests says little.
   * @default 20
   */
  readonly min_requests: number;
  /**
   * The time that `error_rate_threshold` looks back. In ms.
   * @default "10s"
   */
  readonly window: number;
  /**
   * How long a breaker stays open. In ms.
   * @default "60s"
   */
  readonly timeout: number;
  /**
   * How many requests a half-open breaker lets through at a time. So many successes in a row close it.
   * @default 1
   */
  readonly max_concurrent_requests: number;
  /**
   * After the breaker has closed, the backend's part of the requests grows from a tenth to all of them in this time; other backends get the rest. One failure in this time opens the breaker again. 0: it gets all at once. In ms.
   * @default "10s"
   */
  readonly recovery: number;
}

/** Sends a request again when a backend has failed it. Each try goes to another backend, as long as there is one that the request has not tried. A request is never sent again once the client has got a byte of a response. Without this section only this is done: when connecting to a backend fails, another one is chosen, and when an idle connection dies as a request is sent on it, the request is sent once more. */
export interface Retry {
  /**
   * Whether requests are tried again.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * How often a request is tried at most, the first try included. Backends that could not be connected to do not count, unless none could: then all of them are tried again. A second try of `hedge` does not count. With 1, a request is still sent once more when an idle connection dies as it is sent.
   * @default 3
   */
  readonly max_attempts: number;
  /**
   * The longest time to wait before the second try. In ms.
   * @default "100ms"
   */
  readonly initial_delay: number;
  /**
   * The longest time to wait before any try. In ms.
   * @default "10s"
   */
  readonly max_delay: number;
  /**
   * By how much the delay grows from try to try.
   * @default 2
   */
  readonly multiplier: number;
  /**
   * Which part of the delay is random. 1: the proxy waits for any time from 0 to the delay, so that requests that failed together do not come back together. 0.1: it waits for 90 to 100 % of the delay.
   * @default 1
   */
  readonly jitter: number;
  /** When a request is tried again. `connect-failure`: no backend could be connected to; any request is tried again then, because none was sent. `reset`: the connection ended before the first byte of a response. `timeout`: the head of the response did not come within `per_try_timeout` or the `read` timeout of the upstream. Statuses of responses, such as `503` or `500-599`: when no further try is made, the client gets the response with that status. They are statuses of backends: an answer that is not HTTP is not tried again. */
  readonly on: readonly string[];
  /** The methods of requests that are tried again although a backend may have executed them already. Default: the methods that are idempotent by their definition, such as GET, HEAD, PUT, DELETE and OPTIONS, and not POST and PATCH. */
  readonly methods?: readonly string[];
  /**
   * How long one try may take, from the moment that the backend has the whole request to the head of its response. Then the try has failed: another one follows if `on` has `timeout`, else the client gets 504. 0: only the `read` timeout of the upstream counts. It does not count where requests are not tried again: with `enabled: false`, and on a route with `retry: false`. In ms.
   * @default 0
   */
  readonly per_try_timeout: number;
  /**
   * How many bytes of a request body are kept in memory, so that it can be sent again. A request with a longer body is sent once. In bytes.
   * @default "64KiB"
   */
  readonly body_limit: number;
  /**
   * How many bytes of all kept bodies are in memory at the same time, on all listeners together; with several workers each has its part. While this memory is used up, requests with bodies are sent once. In bytes.
   * @default "64MiB"
   */
  readonly body_total: number;
  readonly budget: RetryBudget;
}

/** How many tries may run at a time beside the first ones, in all workers together. When many requests fail, second tries would only add to the load that makes them fail. A try counts from its decision to its end, its delay included. What does not count: another backend instead of one that refuses connections; the request that is sent once more because an idle connection died; and, where the budget is used up, a try after a backend that broke the connection and then refuses a new one, because it has ended. A backend that ends again and again can so have its requests tried up to `max_attempts` times, whatever the budget says. The budget bounds what runs at a time: where second tries are over sooner than first ones, they can be more than `percent` of all tries. */
export interface RetryBudget {
  /**
   * Percent of the requests that the upstream has at the moment, waiting ones included. A backend that dies takes all of its running requests with it: with three backends that is a third, of which 20 per cent saves a part, and 100 all. A low number keeps second tries from drowning backends that are slow.
   * @default 20
   */
  readonly percent: number;
  /**
   * So many may always run, however few requests there are.
   * @default 3
   */
  readonly min: number;
}

/** Sends a request to a second backend when the first one takes long, so that one slow backend does not make clients wait. Both tries run then; the first head of a response wins, and the other try is cancelled. It counts neither as an error nor against its backend. Second tries take turns of their own, so that each backend keeps its share of first tries. Only requests that may be sent twice are hedged: those with a method of `retry.methods` and a body within `retry.body_limit`, and none that upgrade the connection or belong to a client whom `sticky` keeps at its backend. Where no other backend has room, there is no second try. Second tries draw on the budget of `retry`, also where that section is missing: at most `retry.budget.percent` of the requests that run. Their connections cost backends work that is thrown away: choose `after` so that only a few of a hundred requests take longer. */
export interface Hedge {
  /**
   * `false` turns second tries off while the section stays in the file.
   * @default true
   */
  readonly enabled: boolean;
  /** The second try begins when so much time has passed without the head of a response. The time that a connection takes is a part of it, and a wait in the queue is none. It needs no `retry`. In ms. */
  readonly after: number;
}

/** Finds out how many HTTP requests each backend can work on at a time, and gives it no more. The others wait in the proxy's `queue`, or are refused when that is full (503, `Retry-After`): so a backend that becomes slow or gets too much goes on at its full speed, and recovers at once. The limit grows while responses come as quickly as usual, and falls when they become slow because requests wait at the backend. No request is refused or held back to measure anything. Times are those from a request to the head of its response; responses with a status of 500 and more do not count. Each worker finds limits of its own. */
export interface AdaptiveConcurrency {
  /**
   * `false` turns the limits off while the section stays in the file.
   * @default true
   */
  readonly enabled: boolean;
  /**
   * The least number of requests that a backend may have. With several workers each has its part of this and of the next two numbers, rounded up.
   * @default 5
   */
  readonly min_limit: number;
  /**
   * The largest number of requests that a backend may have.
   * @default 1000
   */
  readonly max_limit: number;
  /**
   * The limit of a backend at the start. It grows by its square root in each `window` in which it is used.
   * @default 20
   */
  readonly initial_limit: number;
  /**
   * So many times as long as usual responses may take before the limit falls. Where requests of one upstream take very different times, a larger number is better.
   * @default 2
   */
  readonly tolerance: number;
  /**
   * The limit changes at most once in this time, and not before ten responses have come. In ms.
   * @default "250ms"
   */
  readonly window: number;
}

/** Time limits for backends. */
export interface UpstreamTimeouts {
  /**
   * How long connecting to a backend may take. In ms.
   * @default "5s"
   */
  readonly connect: number;
  /**
   * How long a backend may take to send the head of a response, and how long it may pause between two pieces of the body. In ms.
   * @default "60s"
   */
  readonly read: number;
}

/** TLS to the backends of this upstream. `tls: true` takes all defaults: the certificate of a backend must be valid for its host name and signed by a known authority. In mode http, a response that ends with the connection (without `Content-Length` and chunks) is complete only if the backend ends TLS with `close_notify`; without it the response is broken off, because anybody on the way could have cut it (RFC 9112, 9.8). In mode tcp the end is passed on as it comes. */
export interface UpstreamTls {
  /** PEM file with the certificate authorities that sign the certificates of the backends. The path is relative to this file. Without this key: those of the runtime (Mozilla's list) and, if set, of `NODE_EXTRA_CA_CERTS`. */
  readonly ca_file?: string;
  /** The name that the certificate of a backend must have, and that is sent as SNI. Without this key: the host name in the backend's address; for an IP address no SNI is sent, and the certificate must have that address. It is never taken from the client. */
  readonly server_name?: string;
  /**
   * The oldest version of TLS that a backend may use.
   * @default "1.2"
   */
  readonly min_version: '1.2' | '1.3';
  /**
   * The newest version of TLS that a backend may use.
   * @default "1.3"
   */
  readonly max_version: '1.2' | '1.3';
  /** The cipher suites that may be used, the preferred one first. Names are those of the standards (`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`) or of OpenSSL (`ECDHE-RSA-AES128-GCM-SHA256`). TLS 1.2 and TLS 1.3 have different suites. A list that names no suite of a version leaves that version its defaults. */
  readonly cipher_suites: readonly string[];
  /** The groups for the key exchange that backends are offered, the preferred one first, by the names that `curves` of a listener takes. With TLS 1.2, an ECDSA certificate of a backend must have a key of one of them. Without this key: those that the runtime offers. */
  readonly curves?: readonly string[];
  /** PEM file with the certificate that the proxy shows to the backends, followed by intermediate certificates. The path is relative to this file. */
  readonly client_cert_file?: string;
  /** PEM file with the private key of that certificate. The path is relative to this file. */
  readonly client_key_file?: string;
  /** File with the password of `client_key_file`, if that key is encrypted. The path is relative to this file. */
  readonly client_key_password_file?: string;
  /**
   * `true`: the certificates of the backends are not verified. Anyone between the proxy and a backend can then read and change the traffic. The proxy warns of it at each start, and `balance validate --strict` refuses it. To use a certificate of your own, name its authority in `ca_file` instead.
   * @default false
   */
  readonly insecure_skip_verify: boolean;
  /**
   * Whether a new connection to a backend resumes an earlier TLS session, which saves most of the handshake.
   * @default true
   */
  readonly session_reuse: boolean;
  /** The protocols that are offered to backends by ALPN. Without this key: `http/1.1` from listeners in mode http, otherwise none. */
  readonly alpn_protocols?: readonly string[];
}

/** The admin server, which shows the state of the proxy. Without this section there is no admin server. */
export interface Admin {
  /**
   * The address of the admin server. It may be the same as `metrics.listen`: then one server serves both. If others can reach the address, `token`, `token_file` or `tls.client_ca_file` is required.
   * @default "127.0.0.1:9090"
   */
  readonly listen: string;
  /** Permissions of the unix socket: three octal digits in quotes. They are set before any client can connect. An edit changes them immediately. Without this key: what the umask of the process leaves. As a number. */
  readonly socket_mode?: number;
  /** The token that a client must send as `Authorization: Bearer …`. It is safer to take it from the environment or from `token_file` than to write it here. */
  readonly token?: string;
  /** File with the token. The path is relative to this file. White space around the token is ignored. An edit of that file counts as an edit of the config. */
  readonly token_file?: string;
  readonly tls?: ServerTls;
  /** What everybody who can reach the address may see without a token and without a certificate. */
  readonly public: readonly ('health' | 'live' | 'ready' | 'version' | 'metrics')[];
}

/** HTTPS for a server of the proxy itself. It works as on a listener: the keys of session tickets change every 12 hours and outlive edits, handshakes are limited in number and time, and a plain HTTP request gets an answer 400 that says so. A change of one of these files is an edit of the config. */
export interface ServerTls {
  /** PEM file with the certificate, followed by the intermediate certificates that lead to its authority. The path is relative to this file. A change of the file is an edit of the config. An edit with a certificate that has expired or is not valid yet is refused; at the start, and when the proxy uses it already, such a certificate is only a warning. */
  readonly cert_file: string;
  /** PEM file with the private key of the certificate. The path is relative to this file. */
  readonly key_file: string;
  /** File with the password of `key_file`, if that key is encrypted. The path is relative to this file. Line breaks at the end are ignored. */
  readonly key_password_file?: string;
  /** PEM file with certificate authorities. Clients must show a certificate of one of them; others get 403. On the admin server, what `admin.public` names needs no certificate. The path is relative to this file. If a token is set as well, clients need both. */
  readonly client_ca_file?: string;
  /** PEM file with the certificate revocation lists of these authorities. The path is relative to this file. A client whose certificate is revoked is refused. When the time of the next update in the list has passed, all clients of its authority are refused, so renew the file before. */
  readonly client_crl_file?: string;
  /**
   * The oldest version of TLS that clients may use.
   * @default "1.2"
   */
  readonly min_version: '1.2' | '1.3';
}

/** Metrics in the text format of Prometheus. */
export interface Metrics {
  /**
   * Whether metrics are served. If this key is missing: `true` where the section is given, and in the gateway form.
   * @default false
   */
  readonly enabled: boolean;
  /**
   * The address at which metrics are served. It may be an address of its own, the address of `admin.listen`, or the address of a listener in mode http; the last one means the same as `listener`. In the gateway form: the address of the gateway.
   * @default "127.0.0.1:9090"
   */
  readonly listen: string;
  /** Permissions of the unix socket: three octal digits in quotes. They are set before any client can connect. An edit changes them immediately. Without this key: what the umask of the process leaves. As a number. */
  readonly socket_mode?: number;
  readonly tls?: ServerTls;
  /** Name of a listener in mode http. This listener then answers `path` itself, and there is no server at `listen`. It answers before any route, and no request metric, span or access line shows these requests. In the forms with one listener its name is `default`. */
  readonly listener?: string;
  /** Addresses and networks that may ask for the metrics. All others get 403. The proxy looks at the address of the connection. If another proxy asks for a client, it must be named in `trusted_proxies`, and every client that it names in X-Forwarded-For, Forwarded or X-Real-IP must be allowed here as well (`unknown` is not allowed). If a peer that is not in `trusted_proxies` sends one of these headers, Via or CDN-Loop, it gets 403, because it asks for somebody else. So name a proxy that stands in front of this one in `trusted_proxies`. If that proxy sends none of these headers, give the metrics an address of their own. A unix socket may always ask. Without this key everybody may ask; but on the port of a listener, only loopback, private and link-local addresses may. */
  readonly allow?: readonly string[];
  /**
   * The path at which metrics are served.
   * @default "/metrics"
   */
  readonly path: string;
  /** Upper bounds of the histogram buckets for requests, queues and health checks, in seconds, in ascending order. When an edit changes the bounds, each earlier duration counts in the first new bucket that is sure to contain it. No counter goes down. */
  readonly buckets: readonly number[];
}

/** What the proxy logs, in which form, and where to. */
export interface Logging {
  /**
   * The least severe level that is logged. At `debug`, each HTTP request has its own lines: when it was received, when a backend was selected, and when it was completed.
   * @default "info"
   */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /**
   * `text` for people. `json` for machines: one object per line.
   * @default "text"
   */
  readonly format: 'text' | 'json';
  /**
   * Whether each line names the source file and the line of code that logged it. Lines of the access log never do.
   * @default false
   */
  readonly add_caller: boolean;
  /**
   * Where log lines go: `stdout`, `stderr`, or a file. The path is relative to this file. The folder must exist; the proxy creates the file with mode 0640. SIGUSR1 or SIGHUP makes the proxy open the file anew. The proxy also notices within about a second that the file was moved, removed or truncated. Lines are written in the background, at most 100 ms after they were logged, so an output never makes traffic wait. While the output stalls or fails (a full disk, a missing folder, a pipe that nobody reads), up to 8 MiB of lines wait for it. Further lines are dropped and counted (`balance_log_lines_dropped_total`), and one warning goes to stderr. The proxy keeps trying the output. When the output works again, a line says how many lines are missing.
   * @default "stdout"
   */
  readonly output: string;
  readonly rotate?: LogRotation;
  readonly access_log: AccessLog;
}

/** How log files are rotated: `x.log` becomes `x.log.1`, `x.log.1` becomes `x.log.2`, and so on. Rotation never loses or splits a line. Without this section, files grow until another program, such as logrotate, moves them and sends SIGUSR1. Pipes, devices and symbolic links are not rotated. */
export interface LogRotation {
  /**
   * The largest size of a log file. The file is rotated before it grows beyond this size. In bytes.
   * @default "100MB"
   */
  readonly max_size: number;
  /**
   * How many rotated files are kept in addition to the current file.
   * @default 5
   */
  readonly max_files: number;
  /** The largest age of a rotated file. When its last line is older, the file is deleted. Without this key: no file is deleted because of its age. In ms. */
  readonly max_age?: number;
}

/** The access log: one line for each HTTP request and each tunnel (TCP connection, WebSocket), written when it ends. `logging.level` has no effect on these lines. */
export interface AccessLog {
  /**
   * Whether access lines are written. If this key is missing: `true` where the section is given.
   * @default true
   */
  readonly enabled: boolean;
  /** `text` and `json`: as for other lines. `common` and `combined`: the formats of web servers, with the query in the request line; they have no lines for tunnels. Default: `logging.format`. */
  readonly format?: 'text' | 'json' | 'common' | 'combined';
  /** The fields of an access line, in this order, for `text` and `json`. A field that a tunnel does not have is left out of its line. In JSON, `duration` is written as `duration_ms`, and `bytes` of a tunnel as `bytes_sent`. `refusal`, `refusal_field` and `refusal_excerpt` say which rule a refused request or response broke, in which field, and with which bytes. `tried` names the backends that failed a request before another one served it, each with what went wrong (`one=connect_failed,two=503`); `retries` is how often `resilience.retry` made another try. `query` is the part of a request after the `?`; the values of parameters whose names suggest secrets are replaced by `***`. The fields with `tls_` say what TLS agreed on with the client, and are empty where its connection is not encrypted: the version, the cipher suite, the host name that the client asked for, the protocol that ALPN chose, whether an earlier session was resumed, and subject and fingerprint of the client's certificate. `worker` is the number of the worker that served the request, and 1 where one thread does all. Text lines always begin with the time, the level (`INFO`) and the message (`access` or `tunnel`). In JSON these three are ordinary fields. Default: the most useful fields. */
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
    | 'tls_version'
    | 'tls_cipher'
    | 'tls_sni'
    | 'tls_alpn'
    | 'tls_resumed'
    | 'tls_client_subject'
    | 'tls_client_fingerprint'
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
    | 'retries'
    | 'tried'
    | 'hedge'
    | 'sticky'
    | 'refusal'
    | 'refusal_field'
    | 'refusal_excerpt'
    | 'worker'
  )[];
  /** A condition: only access lines that meet it are written. It compares fields with numbers, durations, sizes and texts (`==`, `!=`, `<`, `<=`, `>`, `>=`, `in (…)`, `contains`, `starts_with`, `ends_with`). Join comparisons with `and`, `or`, `not` and parentheses. The name of a text field alone means: the field is not empty. */
  readonly filter?: string;
  /**
   * The share of access lines that are written: 0 none, 1 all. Lines of errors (a status of 500 or more, or an `error`) are always written. For the other lines, the request id decides, so that several proxies keep lines of the same requests.
   * @default 1
   */
  readonly sample: number;
  /** Where access lines go. Values as for `logging.output`, which is also the default. */
  readonly output?: string;
}

/** Tracing: spans of requests are sent to a collector. Without this section there are no spans. */
export interface Tracing {
  /**
   * Whether requests are traced. If this key is missing: `true` where the section is given.
   * @default true
   */
  readonly enabled: boolean;
  /** The name of the service that the spans belong to. Default: the value of `OTEL_SERVICE_NAME` in the environment, otherwise `service.name` in `OTEL_RESOURCE_ATTRIBUTES`, otherwise `balance`. All other attributes in `OTEL_RESOURCE_ATTRIBUTES` are used as well. If they have no `service.instance.id`, it is a random id of the process. */
  readonly service_name?: string;
  /**
   * The protocol of the collector: `jaeger` (Thrift over HTTP) or `otlp` (OpenTelemetry's protocol, protobuf over HTTP).
   * @default "jaeger"
   */
  readonly exporter: 'jaeger' | 'otlp';
  /** URL of the collector. Default: `http://localhost:14268/api/traces` for `jaeger`, `http://localhost:4318/v1/traces` for `otlp`. */
  readonly endpoint?: string;
  /** Header fields that each export over `otlp` sends, such as the key of a hosted collector. */
  readonly headers?: {
    readonly [k: string]: string;
  };
  /** The header formats that carry a trace: W3C Trace Context, Zipkin's `b3` in one field or in several, Jaeger's `uber-trace-id`. In a request, the first of these formats that is present counts. Requests to backends carry all of them. */
  readonly propagation: readonly ('w3c' | 'b3' | 'b3-multi' | 'jaeger')[];
  /**
   * The share of requests that are traced where the client did not decide: 0 none, 1 all.
   * @default 1
   */
  readonly sample_rate: number;
}

/** Plugins: protocols of your own. */
export interface Plugins {
  /** Folder with plugins. The path is relative to this file. Each `.mjs` or `.js` file in it is a plugin, and so is each folder in it with an `index.mjs` or `index.js`. */
  readonly directory?: string;
  /**
   * Whether the running proxy notices plugins that are added, replaced and removed. New connections get the new plugin; running connections keep the old one. With `reload.watch: false` the proxy notices none of these changes by itself, but a reload by hand also looks at the plugins.
   * @default true
   */
  readonly watch: boolean;
  /**
   * How long the import of a plugin may take. The same limit applies to the start of each of its listeners. A plugin that takes longer is refused. In ms.
   * @default "10s"
   */
  readonly timeout: number;
}

/** How the host names of backends, listeners and collectors are looked up. For names in the hosts file (`/etc/hosts`), `localhost` and the names below `localhost`, no name server is asked. For all other names the proxy asks name servers. It uses the servers, the `search` domains and the options of `/etc/resolv.conf`. It follows changes of both files. Look-ups are shared and do not hold up the traffic. While name servers fail or do not answer, the last answer stays in use, without a time limit. New connections use the addresses of a name in turn, IPv4 and IPv6. If one address does not answer, they try the next one. Other sources that the system may have in `/etc/nsswitch.conf` (mDNS, LDAP) are not asked. */
export interface Dns {
  /** Name servers to ask instead of those in `/etc/resolv.conf`, in this order. Each is an IP address, with a port if the port is not 53. */
  readonly servers?: readonly string[];
  /** How long one name server may take to answer before the next one is asked. In each further round through the servers this time doubles. Default: `options timeout` of `/etc/resolv.conf`, otherwise `2s`. In ms. */
  readonly timeout?: number;
  /** How many rounds through the list of name servers are made. Default: `options attempts` of `/etc/resolv.conf`, otherwise 2. */
  readonly attempts?: number;
  /**
   * The shortest time for which an answer is used, even if the name server gives it a shorter time to live. The value must be `1s` or more. In ms.
   * @default "5s"
   */
  readonly min_ttl: number;
  /**
   * The longest time for which an answer is used before the name is looked up again. In ms.
   * @default "5m"
   */
  readonly max_ttl: number;
  /**
   * How long the addresses of a name stay in use after name servers begin to answer that the name does not exist or has no addresses. 0: the first such answer removes the addresses. In ms.
   * @default "30s"
   */
  readonly hold: number;
}

/** Protects the proxy from more work than it can do. With this section each worker measures how late its event loop runs and how full its heap is. Beyond `refuse` it answers new requests with 503 (`overloaded`), and beyond `pause` it closes new connections at once, until the values are below 80 % of the thresholds. What runs goes on. `health_endpoint`, the metrics and the admin server answer all the same; at `pause` those on listeners only over connections that are open. */
export interface Overload {
  /**
   * Whether new work may be refused.
   * @default true
   */
  readonly enabled: boolean;
  readonly event_loop_delay: OverloadDelays;
  readonly heap_percent: OverloadHeap;
  /**
   * `Retry-After` of the refused requests: after which time clients may try again. In ms.
   * @default "2s"
   */
  readonly retry_after: number;
}

/** How late the event loop of a worker runs, smoothed over about a second. While this is long, all requests of the worker wait that long several times. */
export interface OverloadDelays {
  /**
   * From this delay on, new requests are refused. In ms.
   * @default "250ms"
   */
  readonly refuse: number;
  /**
   * From this delay on, new connections are closed. In ms.
   * @default "1s"
   */
  readonly pause: number;
}

/** How much of the heap that V8 allows a worker is used, in percent. */
export interface OverloadHeap {
  /**
   * From here on, new requests are refused.
   * @default 90
   */
  readonly refuse: number;
  /**
   * From here on, new connections are closed.
   * @default 95
   */
  readonly pause: number;
}

/** The threads that serve clients, and what happens when one of them does not answer. */
export interface Workers {
  /**
   * How many workers serve clients: a number, or `auto` for one for each core that the process may use. More than one need Linux. An edit has effect at the next start or upgrade.
   * @default 1
   */
  readonly count: number | 'auto';
  /**
   * How long a worker may give no sign of life, because one call keeps its thread busy, before it counts as hung. A hung worker is logged and shown as such. New connections go to the other workers. The value must be `1s` or more. It counts where there are several workers. In ms.
   * @default "10s"
   */
  readonly hang_timeout: number;
  /**
   * Whether a hung worker is replaced by a new one. Its connections are cut then. `false`: it stays, and goes on when it can; until then edits of the config are refused.
   * @default false
   */
  readonly replace_hung: boolean;
}

/** How the running proxy applies edits of the config. An edit is applied as a whole. If anything in it is wrong, nothing of it is applied. */
export interface Reload {
  /**
   * Whether the running proxy notices edits of this file, of the files that it includes and of the files that its keys name. SIGHUP and `POST /reload` of the admin server apply edits at any time, whatever this key says.
   * @default true
   */
  readonly watch: boolean;
  /**
   * How long the files must stay unchanged before an edit is read. So several saves in quick succession count as one edit. In ms.
   * @default "100ms"
   */
  readonly debounce: number;
  /**
   * How often the proxy looks at the files where the file system reports no changes, as on a bind mount or a network file system. In ms.
   * @default "2s"
   */
  readonly poll_interval: number;
  /**
   * When an edit removes something (a backend, a listener, the old settings of a protocol), its running requests and tunnels may go on for this time. Then they are cut. 0: no limit. In ms.
   * @default 0
   */
  readonly drain_timeout: number;
  /**
   * How many configs that went live are kept. You can look at them and go back to them. 0: none.
   * @default 10
   */
  readonly history_size: number;
  /** A folder where these configs are also kept on disk, so that they survive a restart. The path is relative to the config file. The kept configs contain their secrets; only the user of the proxy can read them. The parent folder must exist. If the folder can't be used, the proxy logs a warning. Without this key the configs are kept only in memory. */
  readonly history_dir?: string;
  /**
   * Whether the states that operators set by hand (`balance backends drain` and the like) outlive a restart: they are kept in `history_dir`, which this key needs, in the file `backend-states.json`. If that file is broken, the proxy logs a warning, and backends begin as their checks say. States belong to the names of upstream and backend. Without this key they last over edits and upgrades, and end with the process.
   * @default false
   */
  readonly keep_backend_states: boolean;
  readonly watch_errors?: WatchErrors;
}

/** A guard that watches each new config. When too many requests fail under it, or three workers end in the first 30 seconds, the proxy goes back to the previous config. Without this section there is no guard. */
export interface WatchErrors {
  /**
   * How long the guard watches a new config. In ms.
   * @default "30s"
   */
  readonly window: number;
  /**
   * The share of requests that may fail under the new config: 0 none, 1 all. Only when a larger share fails, the proxy goes back to the previous config.
   * @default 0.05
   */
  readonly max_error_ratio: number;
}

/** How the proxy shuts down. */
export interface Shutdown {
  /**
   * How long running requests and connections may go on after SIGTERM, SIGINT or SIGQUIT. Those that are left then are cut. In ms.
   * @default "30s"
   */
  readonly timeout: number;
}

/** How SIGUSR2, `balance upgrade` and `POST /upgrade` start the new version of the proxy beside the running one. */
export interface Upgrade {
  /** The program that is the new version, and its arguments. Without this key: the command line by which the proxy was started. Its program is looked up again, so a new Node.js or a link that leads to a new version counts. */
  readonly command?: readonly string[];
  /**
   * How long the new version may take until it is ready to serve. After that it is ended, and the running one goes on. In ms.
   * @default "60s"
   */
  readonly timeout: number;
}
