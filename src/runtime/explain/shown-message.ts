import { isSecretName, MASK } from '../../config/schema/mask-secrets.ts';
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

/** What the backend gets, and what of it is not what the client sent. */
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

/** For people: as text, and without what lets somebody in. */
export function shownFields(fields: readonly ExplainedField[]): ExplainedField[] {
  return fields.map(([name, value]) => [name, isSecretName(name) ? MASK : textOfBytes(value)]);
}

export function shownEdits({ removed, added }: ExplainedEdits): ExplainedEdits {
  return { removed, added: shownFields(added) };
}

export function maskedRules(rules: readonly ExplainedRule[]): ExplainedRule[] {
  return rules.map((rule) => ({ ...rule, conditions: rule.conditions.map(maskedCondition) }));
}

/** `of` is `header` and a name where it is about a header. */
function maskedCondition(condition: ExplainedCondition): ExplainedCondition {
  const { of, wanted, got, holds } = condition;
  const isSecret = isSecretName(of);
  const shown = (value: string): string => (isSecret ? MASK : textOfBytes(value));
  return { of, wanted: shown(wanted), ...(got === undefined ? {} : { got: shown(got) }), holds };
}

/** Fields that are not among the others, each of which counts once. */
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
