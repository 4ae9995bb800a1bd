import { resolveSchema, type SchemaNode } from './schema.ts';

/** What stands in the place of a secret. */
export const MASK = '***';

const SECRET_NAME =
  /(^|[-_.\s])(authorization|cookies?|token|pass(word|wd|phrase)?|secret|credentials?|api[-_]?key|private[-_]?key|access[-_]?key)s?$/i;
const URL_WITH_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@\s]+@/i;

/**
 * A copy of a config, or of a part of one, for the eyes of operators: what the schema marks as secret, whatever has a
 * name like `password` or `Authorization`, and the user information of URLs are replaced. Plugins' options are masked by
 * their names as well.
 * @param part Where in the normalized config the value belongs: JSON pointer of a schema; default: the whole config.
 */
export function maskSecrets(value: unknown, part = '#/$defs/config'): unknown {
  return mask(value, { $ref: part });
}

function mask(value: unknown, node: SchemaNode | undefined): unknown {
  const schema = node === undefined ? undefined : resolveSchema(node);
  if (schema?.['x-secret'] === true) return MASK;
  if (typeof value === 'string') return value.replace(URL_WITH_PASSWORD, `$1${MASK}@`);
  if (Array.isArray(value)) return value.map((item: unknown) => mask(item, schema?.items));
  if (typeof value !== 'object' || value === null) return value;
  const masked: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    masked[key] = isNamedSecret(key, inner, value) ? MASK : mask(inner, innerSchema(schema, key));
  }
  return masked;
}

function innerSchema(schema: SchemaNode | undefined, key: string): SchemaNode | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** `password: x`, or `{name: Authorization, value: x}` as headers are written. */
function isNamedSecret(key: string, value: unknown, around: object): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  if (key === 'value' && 'name' in around && typeof around.name === 'string') {
    return SECRET_NAME.test(around.name);
  }
  return SECRET_NAME.test(key);
}
