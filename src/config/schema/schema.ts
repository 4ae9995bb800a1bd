import document from '../../../schemas/config.schema.json' with { type: 'json' };

/** The keywords of a JSON Schema that this project's schema uses. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  /**
   * The text names a file whose content belongs to the config; relative to the config file. `pem` and `secret`: the load reads the file, and
   * its content goes on with the config. A `secret` is a password or a token.
   */
  readonly 'x-file'?: true | 'pem' | 'secret';
  /** The value is secret: it is shown neither in logs nor by the admin server. */
  readonly 'x-secret'?: boolean;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
}

/** schemas/config.schema.json: what a file may say, with the normalized shape under `$defs/config`. */
export const CONFIG_SCHEMA = document as unknown as SchemaNode;

/** Resolves each reference once and remembers it, because walks through a config resolve the same ones for every value. */
class References {
  readonly #resolved = new WeakMap<SchemaNode, SchemaNode>();

  resolve(node: SchemaNode): SchemaNode {
    if (node.$ref === undefined) return node;
    let resolved = this.#resolved.get(node);
    if (resolved === undefined) {
      const { $ref, ...beside } = node;
      resolved = { ...this.resolve(this.#target($ref)), ...beside };
      this.#resolved.set(node, resolved);
    }
    return resolved;
  }

  #target(reference: string): SchemaNode {
    let target: unknown = CONFIG_SCHEMA;
    for (const part of reference.slice(2).split('/')) target = (target as Record<string, unknown>)[part];
    if (target === undefined) throw new Error(`the schema has no ${reference}`);
    return target as SchemaNode;
  }
}

const references = new References();

/** The schema that `$ref` points to. Keywords beside the `$ref` take precedence over those of the schema. */
export function resolveSchema(node: SchemaNode): SchemaNode {
  return references.resolve(node);
}
