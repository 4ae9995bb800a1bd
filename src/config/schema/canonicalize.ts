import { HASHING_ALGORITHMS } from '../values/algorithm.ts';
import type { Config } from './config.generated.ts';
import { FORMATS } from './formats.ts';
import { withMetricsListener } from './metrics-listener.ts';
import type { SchemaNode } from './schema.ts';
import { resolveSchema } from './schema.ts';

/**
 * Fills in the defaults of `$defs/config` and turns texts into what the code works with: durations into
 * milliseconds, sizes into bytes, addresses and names of algorithms into their one spelling.
 */
export function canonicalize(normalized: object): Config {
  const root = resolveSchema({ $ref: '#/$defs/config' });
  // The types are generated from the same definition that is walked here.
  return withMetricsListener(withHashKeys(convert(root, normalized) as Config));
}

/** Fills in the default of `hash_key`, which depends on the algorithm: a schema can't express that. */
function withHashKeys(config: Config): Config {
  const upstreams = config.upstreams.map((upstream) => {
    const balancer = upstream.load_balancer;
    if (balancer.hash_key !== undefined || !HASHING_ALGORITHMS.has(balancer.algorithm)) return upstream;
    return { ...upstream, load_balancer: { ...balancer, hash_key: 'source-ip' } };
  });
  return { ...config, upstreams };
}

function convert(node: SchemaNode, value: unknown): unknown {
  const schema = resolveSchema(node);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item: unknown) => convert(items, item));
  }
  if (typeof value === 'object' && value !== null) {
    return convertObject(schema, value as Readonly<Record<string, unknown>>);
  }
  // A version such as 1.2 may be written as a number.
  if (typeof value === 'number' && schema.enum?.includes(String(value)) === true) return String(value);
  const format = schema.format === undefined ? undefined : FORMATS[schema.format];
  if (format === undefined) return value;
  // A bare number is 0 for a duration, and one status for a list of them.
  if (typeof value === 'number') return format.parse(String(value));
  return typeof value === 'string' ? format.parse(value) : value;
}

function convertObject(schema: SchemaNode, value: Readonly<Record<string, unknown>>): unknown {
  const result: Record<string, unknown> = {};
  const properties = schema.properties ?? {};
  for (const [key, property] of Object.entries(properties)) {
    const given = value[key] ?? resolveSchema(property).default;
    if (given !== undefined) result[key] = convert(property, given);
  }
  for (const [key, entry] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) continue;
    const other = schema.additionalProperties;
    result[key] = typeof other === 'object' ? convert(other, entry) : entry;
  }
  return result;
}
