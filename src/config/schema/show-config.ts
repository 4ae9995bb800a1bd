import { stringify } from 'yaml';
import type { Config } from './config.generated.ts';
import { FORMATS } from './formats.ts';
import { maskConfig, maskPart } from './mask-secrets.ts';
import { resolveSchema, type SchemaNode } from './schema.ts';

const YAML_WIDTH = 110;

/**
 * A config in the words of a config file: durations and sizes with their units, secrets masked. It is in the form with
 * listeners and upstreams, whatever form it was written in, with every default filled in.
 */
export function showConfig(config: Config): Readonly<Record<string, unknown>> {
  return withUnits(maskConfig(config)) as Readonly<Record<string, unknown>>;
}

/** {@link showConfig} with its secrets. */
function withUnits(config: Config): unknown {
  return shown({ $ref: '#/$defs/config' }, config);
}

/** A part of a config as {@link showConfig} shows it. Secrets are known by the schema of the part and by its key. */
export function showPart(value: unknown, schema: SchemaNode, key = ''): unknown {
  return shown(schema, maskPart(value, schema, key));
}

/** A config with its secrets as a config file, which makes the same config when it is loaded. */
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
  const { properties = {}, additionalProperties } = schema;
  const { url, ...rest } = value;
  // A file has a backend's URL where the normalized config has the address that it leads to.
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

function withUnit(format: string | undefined, value: number): number | string {
  return (format === undefined ? undefined : FORMATS[format]?.print?.(value)) ?? value;
}
