/** How a field is compared with one value. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'starts_with' | 'ends_with';

/** A parsed filter, as a tree. Durations are in ms, sizes in bytes. */
export type FilterExpression =
  | { readonly kind: 'and' | 'or'; readonly left: FilterExpression; readonly right: FilterExpression }
  | { readonly kind: 'not'; readonly of: FilterExpression }
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly comparison: Comparison;
      readonly value: string | number;
    }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly (string | number)[] }
  /** True when the field is not empty. */
  | { readonly kind: 'present'; readonly field: string };

/** The fields that an expression uses. */
export function filterFields(expression: FilterExpression): string[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return [...filterFields(expression.left), ...filterFields(expression.right)];
    case 'not':
      return filterFields(expression.of);
    case 'compare':
    case 'in':
    case 'present':
      return [expression.field];
  }
}
