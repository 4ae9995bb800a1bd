/** Keys of features that do not exist yet. A config with one of them is refused with a message that says so. */
export const PLANNED_KEYS: ReadonlySet<string> = new Set([
  'access_control',
  'auth',
  'authentication',
  'basic_auth',
  'cache',
  'cluster',
  'compression',
  'discovery',
  'enable_http2',
  'grpc',
  'gzip',
  'http2',
  'http3',
  'jwt',
  'protection',
  'quic',
  'rate_limit',
  'rate_limits',
  'security',
  'service_discovery',
  'static',
  'waf',
]);

/** Keys of the `http` section of a flat file, and the keys of an upstream with the same meaning in a file with `upstreams`. */
export const KEYS_OF_UPSTREAMS: ReadonlyMap<string, string> = new Map([
  ['max_idle_conns_per_host', 'connection_pool.max_idle'],
  ['idle_conn_timeout', 'connection_pool.max_idle_time'],
]);

/** Keys by which others turn on what a filter does here, and the name of that filter. */
export const KEYS_OF_FILTERS: ReadonlyMap<string, string> = new Map([
  ['blacklist', 'address-list'],
  ['cors', 'cors'],
  ['ip_filter', 'address-list'],
  ['whitelist', 'address-list'],
]);
