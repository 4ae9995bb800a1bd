/** Headers whose values let somebody in. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'apikey',
  'x-auth-token',
  'x-access-token',
  'x-csrf-token',
  'x-xsrf-token',
  'x-amz-security-token',
  'x-vault-token',
  'private-token',
  'x-gitlab-token',
]);

const SECRET_WORD =
  /(^|[-_.])(password|passwd|passphrase|secret|token|credentials?|(api|private|secret)[-_]?key)s?$/i;
const CAMEL_HUMP = /([a-z0-9])([A-Z])/g;

/** Whether a header of that name carries credentials, or sounds as if it did. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase()) || isSecretKey(name);
}

/** Whether a setting of that name sounds like a secret: `password`, `client_secret`, `apiKey`, `access-token`. */
export function isSecretKey(key: string): boolean {
  return SECRET_WORD.test(key.replaceAll(CAMEL_HUMP, '$1_$2'));
}
