import type { Config } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';
import type { SchemaNode } from '../schema/schema.ts';
import { resolveSchema } from '../schema/schema.ts';

/** A key of the config whose value names a file. */
export interface Reference {
  readonly path: Path;
  /** The same with list items by their names, as changes are told: `listeners[web].http.error_pages[0].file`. */
  readonly place: string;
  /** As it is written. */
  readonly file: string;
}

/** All files that a config names by a key which the schema marks with `x-file`. */
export function referencesOf(config: Config): Reference[] {
  const found: Reference[] = [];
  collect(resolveSchema({ $ref: '#/$defs/config' }), config, { path: [], place: '' }, found);
  return found;
}

type At = Pick<Reference, 'path' | 'place'>;

function collect(node: SchemaNode, value: unknown, at: At, found: Reference[]): void {
  const { items, properties, 'x-file': namesFile } = resolveSchema(node);
  if (typeof value === 'string') {
    if (namesFile === true) found.push({ ...at, file: value });
  } else if (Array.isArray(value)) {
    if (items === undefined) return;
    for (const [index, item] of (value as unknown[]).entries()) {
      const place = `${at.place}[${nameOf(item) ?? index}]`;
      collect(items, item, { path: [...at.path, index], place }, found);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      const property =
        properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (property === undefined) continue;
      const place = at.place === '' ? key : `${at.place}.${key}`;
      collect(property, entry, { path: [...at.path, key], place }, found);
    }
  }
}

function nameOf(item: unknown): string | undefined {
  const named = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined;
  return typeof named === 'string' ? named : undefined;
}
