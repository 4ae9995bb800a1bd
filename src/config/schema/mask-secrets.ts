import type { Config } from './config.generated.ts';
import { resolveSchema, type SchemaNode } from './schema.ts';
import { isSecretName, MASK } from './secret-names.ts';

const URL_WITH_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@\s]+@/i;

/** The config as it may be shown to people who must not know its secrets. */
export function maskConfig(config: Config): Config {
  return maskSecrets(config) as Config;
}

/**
 * A copy of a config, or of a part of one, that may be shown to operators. It has {@link MASK} in place of all values that the schema
 * marks as secret, all values whose names sound secret, such as `password` or `Authorization`, and user names and passwords in URLs. Options
 * of plugins are masked by their names too.
 * @param part JSON pointer to the schema of the value. Default: that of the whole normalized config.
 */
export function maskSecrets(value: unknown, part = '#/$defs/config'): unknown {
  return maskPart(value, resolveSchema({ $ref: part }), '');
}

/** {@link maskSecrets} for a value with its schema; `key` is the key that holds the value. */
export function maskPart(value: unknown, schema: SchemaNode, key: string): unknown {
  const masking = new Masking();
  return isSecretName(key) ? masking.maskedAll(value) : masking.masked(value, schema);
}

/** One walk through a config. Remembers which keys sound secret, because the same few keys occur again and again. */
class Masking {
  readonly #secretNames = new Map<string, boolean>();

  masked(value: unknown, node: SchemaNode | undefined): unknown {
    const schema = node === undefined ? undefined : resolveSchema(node);
    if (schema?.['x-secret'] === true) return MASK;
    if (typeof value === 'string') return withoutPassword(value);
    if (Array.isArray(value)) return value.map((item: unknown) => this.masked(item, schema?.items));
    if (typeof value !== 'object' || value === null) return value;
    const copy: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) {
      if (this.#isNamedSecret(key, value)) copy[key] = this.maskedAll(inner);
      else copy[key] = this.masked(inner, innerSchema(schema, key));
    }
    return copy;
  }

  /** `password: x`, or `{name: Authorization, value: x}` as headers are written. */
  #isNamedSecret(key: string, around: object): boolean {
    if (key === 'value' && 'name' in around && typeof around.name === 'string')
      return isSecretName(around.name);
    let isSecret = this.#secretNames.get(key);
    if (isSecret === undefined) {
      isSecret = isSecretName(key);
      this.#secretNames.set(key, isSecret);
    }
    return isSecret;
  }

  /** Masks all texts and numbers. A boolean is no secret, whatever its name. */
  maskedAll(value: unknown): unknown {
    if (typeof value === 'string' || typeof value === 'number') return MASK;
    if (Array.isArray(value)) return value.map((item: unknown) => this.maskedAll(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.maskedAll(inner)]));
  }
}

function withoutPassword(text: string): string {
  return text.includes('@') ? text.replace(URL_WITH_PASSWORD, `$1${MASK}@`) : text;
}

function innerSchema(schema: SchemaNode | undefined, key: string): SchemaNode | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}
