import { stringify } from 'yaml';
import type { Config, SniRouting } from './config.generated.ts';
import { FORMATS } from './formats.ts';
import { maskConfig, maskPart } from './mask-secrets.ts';
import { CONFIG_SCHEMA, resolveSchema, type SchemaNode } from './schema.ts';

const YAML_WIDTH = 110;

/**
 * A config as a config file would have it: durations and sizes with units, secrets masked, every default filled in. It always has the
 * form with listeners and upstreams, whatever form the file has.
 */
export function showConfig(config: Config): Readonly<Record<string, unknown>> {
  return withUnits(maskConfig(config)) as Readonly<Record<string, unknown>>;
}

/** Like {@link showConfig}, but with the secrets. */
function withUnits(config: Config): unknown {
  return shown({ $ref: '#/$defs/config' }, config);
}

/** A part of a config as {@link showConfig} shows it. Its schema and its key tell what is secret. */
export function showPart(value: unknown, schema: SchemaNode, key = ''): unknown {
  return shown(schema, maskPart(value, schema, key));
}

/** A config as the text of a config file, with its secrets. Loading the text gives the same config. */
export function restorableText(config: Config): string {
  return toYaml(withUnits(config));
}

/** A plain value as YAML. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: YAML_WIDTH, aliasDuplicateObjects: false });
}

function shown(node: SchemaNode, value: unknown): unknown {
  const schema = resolveSchema(node);
  if (typeof value === 'number') return withUnit(schema.format, value);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item: unknown) => shown(items, item));
  }
  if (typeof value !== 'object' || value === null) return value;
  return shownObject(schema, value as Readonly<Record<string, unknown>>);
}

function shownObject(schema: SchemaNode, value: Readonly<Record<string, unknown>>): object {
  // A schema that was referred to is a copy; its properties are not.
  if (schema.properties === CONFIG_SCHEMA.$defs?.['sniRouting']?.properties)
    return shownRouting(value as unknown as SniRouting);
  const { properties = {}, additionalProperties } = schema;
  const { url, ...rest } = value;
  // For a backend with a URL, the file has the URL as `address`.
  const entries = Object.entries(
    'url' in properties && url !== undefined ? { ...rest, address: url } : value,
  );
  return Object.fromEntries(
    entries.map(([key, inner]) => {
      if (Object.hasOwn(properties, key)) return [key, shown(properties[key] ?? {}, inner)];
      return [key, typeof additionalProperties === 'object' ? shown(additionalProperties, inner) : inner];
    }),
  );
}

/** In a file, the routes by SNI are a mapping of names to upstreams. */
function shownRouting({ routes, ...rest }: SniRouting): object {
  return { routes: Object.fromEntries(routes.map(({ name, upstream }) => [name, upstream])), ...rest };
}

function withUnit(format: string | undefined, value: number): number | string {
  return (format === undefined ? undefined : FORMATS[format]?.print?.(value)) ?? value;
}
