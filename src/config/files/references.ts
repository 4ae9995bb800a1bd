import type { Config } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';
import type { SchemaNode } from '../schema/schema.ts';
import { resolveSchema } from '../schema/schema.ts';

/** A key of the config whose value names a file. */
export interface Reference {
  readonly path: Path;
  /** The same path as text, with the names of list items: `listeners[web].http.error_pages[0].file`. */
  readonly keyPath: string;
  /** The name of the file as the config has it. */
  readonly file: string;
  /** Whether the load reads the content: as PEM, or as a secret such as a password. */
  readonly content: 'pem' | 'secret' | undefined;
}

/** All files that a config names, each by a key that the schema marks with `x-file`. */
export function referencesOf(config: Config): Reference[] {
  const found: Reference[] = [];
  collect(resolveSchema({ $ref: '#/$defs/config' }), config, { path: [], keyPath: '' }, found);
  return found;
}

type At = Pick<Reference, 'path' | 'keyPath'>;

function collect(node: SchemaNode, value: unknown, at: At, found: Reference[]): void {
  const { items, properties, 'x-file': namesFile } = resolveSchema(node);
  if (typeof value === 'string') {
    const content = namesFile === true ? undefined : namesFile;
    if (namesFile !== undefined) found.push({ ...at, file: value, content });
  } else if (Array.isArray(value)) {
    if (items === undefined) return;
    for (const [index, item] of (value as unknown[]).entries()) {
      const keyPath = `${at.keyPath}[${nameOf(item) ?? index}]`;
      collect(items, item, { path: [...at.path, index], keyPath }, found);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      const property =
        properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (property === undefined) continue;
      const keyPath = at.keyPath === '' ? key : `${at.keyPath}.${key}`;
      collect(property, entry, { path: [...at.path, key], keyPath }, found);
    }
  }
}

function nameOf(item: unknown): string | undefined {
  const named = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined;
  return typeof named === 'string' ? named : undefined;
}
