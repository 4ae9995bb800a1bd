import { CONFIG_SCHEMA, resolveSchema, type SchemaNode } from './schema.ts';

/** Names that nginx, HAProxy and others use, and the last key of our name for the same thing. */
export const NAMES_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['add_header', 'response_headers'],
  ['balance', 'load_balancer'],
  ['bind', 'listen'],
  ['canary', 'split'],
  ['client_max_body_size', 'body_size'],
  ['consecutive_5xx', 'consecutive_failures'],
  ['consecutive_errors', 'consecutive_failures'],
  ['default_backend', 'upstream'],
  ['error_page', 'error_pages'],
  ['errorfile', 'error_pages'],
  ['fail_timeout', 'base_ejection_time'],
  ['fall', 'unhealthy_threshold'],
  ['frontend', 'listeners'],
  ['frontends', 'listeners'],
  ['healthy_panic_threshold', 'panic_threshold'],
  ['inter', 'interval'],
  ['keepalive', 'max_idle'],
  ['location', 'path_prefix'],
  ['max_conns', 'max_connections'],
  ['max_fails', 'consecutive_failures'],
  ['max_retries', 'max_attempts'],
  ['maxconn', 'max_connections'],
  ['maxqueue', 'queue'],
  ['nbthread', 'workers'],
  ['num_retries', 'max_attempts'],
  ['passive_health_check', 'passive_checks'],
  ['proxy_connect_timeout', 'connect'],
  ['proxy_next_upstream', 'on'],
  ['proxy_next_upstream_tries', 'max_attempts'],
  ['proxy_set_header', 'request_headers'],
  ['retries', 'retry'],
  ['retry_on', 'on'],
  ['rise', 'healthy_threshold'],
  ['server', 'backends'],
  ['server_name', 'host'],
  ['servers', 'backends'],
  ['session_affinity', 'sticky'],
  ['shadow', 'mirror'],
  ['sticky_session', 'sticky'],
  ['sticky_sessions', 'sticky'],
  ['threads', 'workers'],
  ['traffic_split', 'split'],
  ['use_backend', 'routes'],
  ['worker_processes', 'workers'],
  // TLS.
  ['accept-proxy', 'proxy_protocol'],
  ['crt', 'cert_file'],
  ['proxy_ssl_certificate', 'client_cert_file'],
  ['proxy_ssl_certificate_key', 'client_key_file'],
  ['proxy_ssl_ciphers', 'cipher_suites'],
  ['proxy_ssl_name', 'server_name'],
  ['proxy_ssl_protocols', 'min_version'],
  ['proxy_ssl_trusted_certificate', 'ca_file'],
  ['rootCAs', 'ca_file'],
  ['send-proxy', 'proxy_protocol'],
  ['send-proxy-v2', 'proxy_protocol'],
  ['ssl', 'tls'],
  ['ssl-min-ver', 'min_version'],
  ['ssl_certificate', 'cert_file'],
  ['ssl_certificate_key', 'key_file'],
  ['ssl_ciphers', 'cipher_suites'],
  ['ssl_client_certificate', 'client_ca_file'],
  ['ssl_crl', 'client_crl_file'],
  ['ssl_ecdh_curve', 'curves'],
  ['ssl_password_file', 'key_password_file'],
  ['ssl_prefer_server_ciphers', 'prefer_server_cipher_suites'],
  ['ssl_protocols', 'min_version'],
  ['ssl_reject_handshake', 'strict_sni'],
  ['ssl_trusted_certificate', 'client_ca_file'],
  ['ssl_verify_client', 'client_auth'],
]);

/** Names that are too common to mean one thing, and what the section itself may call it. Elsewhere they mean nothing. */
export const NAMES_IN_SECTION: ReadonlyMap<string, readonly string[]> = new Map([
  ['alpn', ['alpn_protocols']],
  ['attempts', ['max_attempts']],
  ['ca', ['ca_file', 'client_ca_file']],
  ['cert', ['cert_file', 'client_cert_file']],
  ['certificate', ['cert_file', 'client_cert_file']],
  ['chain', ['cert_file']],
  ['ciphers', ['cipher_suites']],
  ['cookie_name', ['name']],
  ['delay', ['after']],
  ['duration', ['window']],
  ['expires', ['max_age']],
  ['fails', ['unhealthy_threshold']],
  ['failure_threshold', ['max_failures', 'unhealthy_threshold', 'consecutive_failures']],
  ['key', ['key_file', 'client_key_file']],
  ['key_password', ['key_password_file', 'client_key_password_file']],
  ['length', ['max_size']],
  ['method', ['algorithm']],
  ['mtls', ['client_auth']],
  ['number', ['count']],
  ['passes', ['healthy_threshold']],
  ['passphrase', ['key_password_file', 'client_key_password_file']],
  ['password', ['key_password_file', 'client_key_password_file']],
  ['policy', ['algorithm']],
  ['private_key', ['key_file', 'client_key_file']],
  ['protocols', ['min_version']],
  ['ratio', ['percent']],
  ['size', ['max_size']],
  ['sni', ['server_name']],
  ['strategy', ['algorithm']],
  ['success_threshold', ['healthy_threshold']],
  ['type', ['algorithm']],
  ['uri', ['path']],
  ['verify', ['client_auth']],
  ['verify_client', ['client_auth']],
  ['version', ['min_version']],
  ['versions', ['min_version']],
]);

/** Switches that are on here by default, and our key that turns the same thing off. To name that key alone would invert what was meant. */
export const ON_BY_DEFAULT: ReadonlyMap<string, string> = new Map([
  ['proxy_ssl_verify', 'insecure_skip_verify'],
  ['reject_unauthorized', 'insecure_skip_verify'],
  ['session_tickets', 'session_tickets_disabled'],
  ['ssl_session_tickets', 'session_tickets_disabled'],
  ['verify', 'insecure_skip_verify'],
]);

/** With more paths than these there is no hint. */
const MOST_PATHS = 2;

/** The sections of the config's own schema. Schemas of plugins are not among them, and get no hints. */
const SECTIONS: ReadonlySet<unknown> = new Set([CONFIG_SCHEMA, ...Object.values(CONFIG_SCHEMA.$defs ?? {})]);

/**
 * Finds where the config has a key that is unknown where it was written. Gives full paths such as `listeners[].http.routes`, joined by
 * `or`; '' when there is no such path, or more than a few. Looks below the section in which the key was written first, then below the
 * sections around it.
 *
 * @param section the part of the schema that does not have the key
 * @param pointer JSON pointer of that section in the config
 */
export function pathsOfKey(key: string, section: SchemaNode | undefined, pointer: string): string {
  if (!SECTIONS.has(section)) return '';
  // In a flat file these sections are about the listener, and have a part of their own for the backends.
  if (/^\/backends\/\d+$/.test(pointer) && key === 'tls') return 'tls.backend';
  if (/^\/backends\/\d+$/.test(pointer) && key === 'proxy_protocol') return 'proxy_protocol.send';
  const parts = pointer.split('/').slice(1);
  for (let depth = parts.length; depth >= 0; depth--) {
    const paths = pathsBelow(key, parts.slice(0, depth), parts[0]);
    if (paths.length > MOST_PATHS) return '';
    if (paths.length > 0) return paths.join(' or ');
  }
  return '';
}

/** The nearest paths below a section that have the key: all of those that are equally deep. */
function pathsBelow(key: string, parts: readonly string[], form: string | undefined): string[] {
  let level = [{ path: pathOf(parts), node: sectionAt(parts) }];
  while (level.length > 0) {
    const found: string[] = [];
    const next: typeof level = [];
    for (const { path, node } of level) {
      for (const [name, property] of Object.entries(node?.properties ?? {})) {
        if (path === '' && !isOfForm(name, form)) continue;
        const at = path === '' ? name : `${path}.${name}`;
        if (name === key) found.push(at);
        const value = resolveSchema(property);
        if (value.items === undefined) next.push({ path: at, node: value });
        else next.push({ path: `${at}[]`, node: resolveSchema(value.items) });
      }
    }
    if (found.length > 0) return found;
    level = next;
  }
  return [];
}

/** Whether a top-level key is of the same form of file. A file either has listeners and upstreams or is flat, so a key of the other form is no hint. */
function isOfForm(name: string, form: string | undefined): boolean {
  const listsOf = (key: string | undefined) => key === 'listeners' || key === 'upstreams';
  return listsOf(form) === listsOf(name);
}

function sectionAt(parts: readonly string[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = CONFIG_SCHEMA;
  for (const part of parts) {
    const inner: SchemaNode | undefined = node?.items ?? node?.properties?.[part];
    node = inner === undefined ? undefined : resolveSchema(inner);
  }
  return node;
}

function pathOf(parts: readonly string[]): string {
  return parts.reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[]`;
    return path === '' ? part : `${path}.${part}`;
  }, '');
}
