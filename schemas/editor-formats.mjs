/**
 * What editors can check of each format of the schema: a regular expression for the whole text, without anchors, and what is
 * allowed in words. A pattern takes everything that the loader takes; where the loader knows more than a pattern can say, such
 * as the longest duration, it takes more. It uses no classes such as `\d` and `\p`, as engines differ in them.
 */

const ONE_TO_MAX = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
const PORT = `(?:0|${ONE_TO_MAX})`;
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = `(?:${OCTET}\\.){3}${OCTET}`;
const IPV6 = '[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[^\\]/\\s]+)?';
const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
/** A name whose last label is a number would be a mistyped IPv4 address. */
const NAME = `(?![^:/]*\\.[0-9]+\\.?(?:[:/]|$))(?:${LABEL}\\.)*${LABEL}\\.?`;
const HOST = `(?:\\[${IPV6}\\]|${IPV4}|${NAME})`;
const UNIX = 'unix:/[^\\u0000]*[^\\u0000/]';
const NOT_UNIX = '(?!unix:)';
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const CONTROLS = '\\u0000-\\u001f\\u007f-\\u009f';
const STATUSES = '\\s*[1-5][0-9]{2}(?:-[1-5][0-9]{2})?\\s*';
const NUMBER = '[0-9]+(?:\\.[0-9]+)?';
const TIME = `(?=[0-9])(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m)?(?:${NUMBER}s)?(?:[0-9]+(?:\\.0+)?ms)?`;
const LONGER_THAN_0 = `(?=[^1-9]*[1-9])${TIME}`;
const VARIABLES =
  'duration|client_ip|request_id|backend|host|method|path|route|tls_version|tls_cipher|tls_sni|tls_alpn|tls_resumed|tls_client_subject|tls_client_fingerprint|proxy_ip|proxy_authority|proxy_unique_id|proxy_tls_version|proxy_tls_cipher|proxy_client_name';

const DURATIONS = 'a duration such as 150ms, 5s, 1m30s, 12h or 1d';
const ADDRESSES = ':8080, host:8080, 192.0.2.1:8080, [::1]:8080 or unix:/path';

/** @param algorithms their names in the reference */
export function editorFormats(algorithms) {
  const names = [
    ...algorithms.map((name) => name.replaceAll('-', '[_-]')),
    'p2c',
    'power[_-]of[_-]two[_-]choices',
  ];
  return {
    duration: { pattern: `(?:0|${TIME})`, expected: DURATIONS },
    'positive-duration': { pattern: LONGER_THAN_0, expected: `${DURATIONS}, longer than 0` },
    'worker-count': {
      pattern: '(?:auto|[1-9]|[1-5][0-9]|6[0-4])',
      expected: 'a whole number from 1 to 64, or auto',
    },
    'age-or-zero': { pattern: `(?:0|${TIME})`, expected: DURATIONS },
    age: { pattern: LONGER_THAN_0, expected: `${DURATIONS}, longer than 0` },
    size: {
      pattern: `(?:0|${NUMBER}(?:B|kB|KB|MB|GB|KiB|MiB|GiB))`,
      expected: 'a size such as 512B, 64KiB or 10MB',
    },
    'listen-address': {
      pattern: `(?:${UNIX}|${NOT_UNIX}${HOST}?:${PORT})`,
      expected: `an address: ${ADDRESSES}`,
    },
    'backend-address': {
      pattern: `(?:${UNIX}|${NOT_UNIX}${HOST}:${ONE_TO_MAX}|[Hh][Tt][Tt][Pp][Ss]?://${NOT_UNIX}${HOST}(?::${ONE_TO_MAX})?/?)`,
      expected:
        'the address of a server: host:8080, 192.0.2.1:8080, [::1]:8080, unix:/path, http://host:8080 or https://host:8443',
    },
    'socket-mode': { pattern: '0?[0-7]{3}', expected: 'three octal digits in quotes, such as "0660"' },
    'name-server': {
      pattern: `(?:${IPV4}(?::${ONE_TO_MAX})?|${IPV6}|\\[${IPV6}\\]:${ONE_TO_MAX})`,
      expected:
        'the IP address of a name server: 10.0.0.2, 10.0.0.2:5353, 2001:db8::53 or [2001:db8::53]:5353',
    },
    network: {
      pattern: `(?:${IPV4}(?:/(?:3[0-2]|[12]?[0-9]))?|${IPV6}(?:/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)`,
      expected: 'an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32',
    },
    algorithm: { pattern: `(?:${names.join('|')})`, expected: `one of ${algorithms.join(', ')}` },
    'hash-key': {
      pattern: `(?:source[_-]ip|path|(?:header|cookie):${TOKEN}|query:[^\\s&=#]+)`,
      expected: 'source-ip, path, header:NAME, cookie:NAME or query:NAME',
    },
    'retry-condition': {
      pattern: `(?:connect-failure|reset|timeout|${STATUSES}(?:,${STATUSES})*)`,
      expected: 'connect-failure, reset, timeout, or statuses as in 503 or 500-599',
    },
    'status-ranges': {
      pattern: `${STATUSES}(?:,${STATUSES})*`,
      expected: 'statuses as in 200, 200-399 or 200,204',
    },
    bytes: {
      pattern: '(?:[^\\\\]|\\\\(?:x[0-9A-Fa-f]{2}|[rnt0\\\\]))+',
      expected: 'a text in which a backslash begins \\r, \\n, \\t, \\0, \\\\ or \\xHH with two hex digits',
    },
    name: {
      pattern: `[^\\s${CONTROLS}](?:[^${CONTROLS}]{0,98}[^\\s${CONTROLS}])?`,
      expected: 'a name of 1 to 100 visible characters',
    },
    'url-path': {
      pattern: `/[^\\s?#${CONTROLS}]*`,
      expected: 'a path that starts with / and has no query, fragment, space or control character',
    },
    'endpoint-path': {
      pattern: `(?:/[^\\s?#${CONTROLS}]*)?`,
      expected: 'empty or a path that starts with / and has no query, fragment, space or control character',
    },
    'host-pattern': {
      pattern: `(?:\\*\\.)?${HOST}`,
      expected: 'a host name without port, or *. and a domain',
    },
    'header-name': { pattern: TOKEN, expected: 'a header name: letters, digits, - and _' },
    'header-value': {
      pattern: '[\\u0009\\u0020-\\u007e\\u0080-\\u00ff]*',
      expected: 'a header value without line breaks and control characters',
    },
    'header-template': {
      pattern: `(?:[\\u0009\\u0020-\\u0023\\u0025-\\u007e\\u0080-\\u00ff]|\\$(?!\\{)|\\$\\{(?:${VARIABLES})\\})*`,
      expected: `a header value; its variables are ${VARIABLES.split('|')
        .map((name) => `\${${name}}`)
        .join(' ')}`,
    },
    'include-pattern': {
      pattern: '(?![^\\u0000]*[*?][^\\u0000]*/)[^\\u0000]*[^\\u0000/]',
      expected: 'the name of a file, or a pattern such as conf.d/*.yaml',
    },
    'http-url': {
      pattern: '[Hh][Tt][Tt][Pp][Ss]?://[^\\s]+',
      expected: 'a URL that starts with http:// or https://',
    },
    'bearer-token': {
      pattern: '[A-Za-z0-9._~+/-]{16,4096}=*',
      expected: 'a token of at least 16 characters: letters, digits and - . _ ~ + / =',
    },
    'log-output': { pattern: `[^${CONTROLS}]+`, expected: 'stdout, stderr or the name of a file' },
    'cipher-suite': {
      pattern: '(?:TLS_[A-Za-z0-9_]+|[A-Za-z0-9-]+)',
      expected: 'a cipher suite, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    },
    curve: { pattern: '[A-Za-z0-9-]+', expected: 'a group such as X25519 or P-256' },
    'tls-name': {
      pattern: '[^\\s/]+',
      expected: 'a host name without port, *. and a domain, or an IP address',
    },
    'sni-name': {
      pattern: '(?:\\*\\.)?[^\\s/:*]+',
      expected: 'a host name without port, or *. and a domain',
    },
    'server-name': { pattern: '[^\\s/*]+', expected: 'a host name without port, or an IP address' },
    'alpn-protocol': { pattern: '[\\u0021-\\u007e]{1,255}', expected: 'the name of a protocol' },
    // Expressions have a grammar of their own, which the loader checks.
    'log-filter': { pattern: '[\\s\\S]+', expected: 'a filter such as status >= 500 or duration > 1s' },
    regex: { pattern: '[\\s\\S]*', expected: 'a JavaScript regular expression' },
  };
}
