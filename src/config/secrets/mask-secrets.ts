import { resolveSchema, type SchemaNode } from '../schema.ts';
import { isSecretHeader, isSecretKey } from './secret-names.ts';

/** Gives the text that stands in place of a secret. */
export type Mask = (secret: string) => string;

const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#@\s]+)@/i;
const CONFIG: SchemaNode = { $ref: '#/$defs/config' };

/**
 * A copy of a normalized config in which a mask stands for each secret: what the schema marks as `writeOnly`, values of
 * headers that carry credentials, credentials in URLs, and settings of a plugin whose key sounds like a secret.
 */
export function maskSecrets<T>(config: T, mask: Mask): T {
  return masked(config, resolveSchema(CONFIG), mask) as T;
}

function masked(value: unknown, schema: SchemaNode | undefined, mask: Mask): unknown {
  if (value === undefined || value === null) return value;
  if (schema?.writeOnly === true) return mask(typeof value === 'string' ? value : JSON.stringify(value));
  if (typeof value === 'string') return withoutUserInfo(value, mask);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = schema?.items === undefined ? undefined : resolveSchema(schema.items);
    return value.map((item) => masked(item, items, mask));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]: [string, unknown]) => {
      if (isSecretEntry(value, key, schema) && typeof entry === 'string') return [key, mask(entry)];
      return [key, masked(entry, propertyOf(schema, key), mask)];
    }),
  );
}

/** Undefined where the schema says nothing, as of settings of plugins. */
function propertyOf(schema: SchemaNode | undefined, key: string): SchemaNode | undefined {
  const property = schema?.properties?.[key];
  if (property !== undefined) return resolveSchema(property);
  const others = schema?.additionalProperties;
  return typeof others === 'object' ? resolveSchema(others) : undefined;
}

function isSecretEntry(owner: object, key: string, schema: SchemaNode | undefined): boolean {
  const isKnown = schema?.properties?.[key] !== undefined;
  if (key === 'value' && 'name' in owner && typeof owner.name === 'string') return isSecretHeader(owner.name);
  return !isKnown && (isSecretHeader(key) || isSecretKey(key));
}

function withoutUserInfo(text: string, mask: Mask): string {
  return text.replace(USER_INFO, (_all, scheme: string, info: string) => `${scheme}${mask(info)}@`);
}
