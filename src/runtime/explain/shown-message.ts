import { isSecretName, MASK } from '../../config/schema/secret-names.ts';
import type {
  ExplainedCondition,
  ExplainedEdits,
  ExplainedField,
  ExplainedMessage,
  ExplainedRule,
  ExplainRequest,
} from '../../plugin-api/index.ts';
import { textOfBytes } from '../../plugin-api/values/text-of-bytes.ts';
import type { ForwardedRequest } from './explanation.ts';

/** The request that the backend gets, and how it differs from the client's. */
export function forwardedRequest(
  message: ExplainedMessage,
  { target, fields }: ExplainRequest,
): ForwardedRequest {
  const after = message.start.split(' ')[1] ?? '';
  return {
    line: textOfBytes(message.start),
    headers: shownFields(message.fields),
    changes: {
      ...(after === target ? {} : { target: { before: textOfBytes(target), after: textOfBytes(after) } }),
      removed: shownFields(without(fields, message.fields)),
      added: shownFields(without(message.fields, fields)),
    },
  };
}

/** Header fields as text, with credentials masked. */
export function shownFields(fields: readonly ExplainedField[]): ExplainedField[] {
  return fields.map(([name, value]) => [name, isSecretName(name) ? MASK : textOfBytes(value)]);
}

export function shownEdits({ removed, added }: ExplainedEdits): ExplainedEdits {
  return { removed, added: shownFields(added) };
}

export function maskedRules(rules: readonly ExplainedRule[]): ExplainedRule[] {
  return rules.map((rule) => ({ ...rule, conditions: rule.conditions.map(maskedCondition) }));
}

/** A condition with its values masked when it is about a secret header: then `of` is `header` and the name. */
function maskedCondition(condition: ExplainedCondition): ExplainedCondition {
  const { of, wanted, got, holds } = condition;
  const isSecret = isSecretName(of);
  const shown = (value: string): string => (isSecret ? MASK : textOfBytes(value));
  return { of, wanted: shown(wanted), ...(got === undefined ? {} : { got: shown(got) }), holds };
}

/** The fields that are not among `others`. A field that occurs twice here and once there is left once. */
function without(fields: readonly ExplainedField[], others: readonly ExplainedField[]): ExplainedField[] {
  const left = others.map(keyOf);
  return fields.filter((field) => {
    const at = left.indexOf(keyOf(field));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function keyOf([name, value]: ExplainedField): string {
  return `${name.toLowerCase()}: ${value.trim()}`;
}
