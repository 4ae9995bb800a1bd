/** The schema that `$ref` points to, under the keywords that stand beside it. */
export function resolveSchema(root, schema) {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...beside } = schema;
  let target = root;
  for (const part of $ref.slice(2).split('/')) target = target[part];
  return { ...resolveSchema(root, target), ...beside };
}

/** The name of the definition that a schema is, when it is nothing but a reference to one. */
export function definitionName(schema) {
  return /^#\/\$defs\/(\w+)$/.exec(schema.$ref ?? '')?.[1];
}
