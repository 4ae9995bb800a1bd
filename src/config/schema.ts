import document from '../../schemas/config.schema.json' with { type: 'json' };

/** The keywords of a JSON Schema that this project's schema uses. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  /** The text names a file whose content belongs to the config; relative to the config file. */
  readonly 'x-file'?: boolean;
  /** Never shown: not in logs, not by the admin server. */
  readonly 'x-secret'?: boolean;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
}

/** schemas/config.schema.json: what a file may say, with the normalized shape under `$defs/config`. */
export const CONFIG_SCHEMA = document as unknown as SchemaNode;

/** The schema that `$ref` points to, under the keywords that stand beside it. */
export function resolveSchema(node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node;
  const { $ref, ...beside } = node;
  let target: unknown = CONFIG_SCHEMA;
  for (const part of $ref.slice(2).split('/')) target = (target as Record<string, unknown>)[part];
  if (target === undefined) throw new Error(`the schema has no ${$ref}`);
  return { ...resolveSchema(target as SchemaNode), ...beside };
}
