import type { Config } from '../config.generated.ts';
import type { Path } from '../problem.ts';
import type { SchemaNode } from '../schema.ts';
import { resolveSchema } from '../schema.ts';

/** A key of the config whose value names a file. */
export interface Reference {
  readonly path: Path;
  /** As it is written. */
  readonly file: string;
}

/** All files that a config names by a key which the schema marks with `x-file`. */
export function referencesOf(config: Config): Reference[] {
  const found: Reference[] = [];
  collect(resolveSchema({ $ref: '#/$defs/config' }), config, [], found);
  return found;
}

function collect(node: SchemaNode, value: unknown, path: Path, found: Reference[]): void {
  const { items, properties, 'x-file': namesFile } = resolveSchema(node);
  if (typeof value === 'string') {
    if (namesFile === true) found.push({ path, file: value });
  } else if (Array.isArray(value)) {
    if (items === undefined) return;
    for (const [index, item] of (value as unknown[]).entries()) collect(items, item, [...path, index], found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      const property =
        properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (property !== undefined) collect(property, entry, [...path, key], found);
    }
  }
}
