import type { ErrorCode } from '../../../src/errors.ts';
import type { MessageRefusal } from '../../../src/plugin-api/index.ts';
import { targetExcerpt, valueExcerpt } from './excerpt.ts';
import type { FieldSection } from './field-section.ts';
import type { RefusalRule } from './refusal-rules.ts';

/** A rule for requests, and the answer to a client that breaks it. */
export interface RequestRule {
  readonly rule: RefusalRule;
  readonly status: number;
  /** What the client is told. */
  readonly reason: string;
  /** Default: `bad_request`. */
  readonly code?: ErrorCode;
}

/** Why a message is not served: the rule that it broke, where, and the answer to it. */
export interface Refusal extends MessageRefusal {
  readonly rule: RefusalRule;
  readonly status: number;
  readonly code: ErrorCode;
  /** The rule in words: for the client when it is a request's, for the log always. */
  readonly reason: string;
}

/** A request breaks a rule. `field` and `shown` say where, and with what; see {@link MessageRefusal}. */
export function refuseRequest(broken: RequestRule, field = '', shown = ''): Refusal {
  const { rule, status, reason, code = 'bad_request' } = broken;
  return { side: 'request', rule, status, code, reason, field, excerpt: shown };
}

/** A response breaks a rule. The client is only told that the response is invalid. */
export function refuseResponse(rule: RefusalRule, reason: string, field = '', shown = ''): Refusal {
  return { side: 'response', rule, status: 502, code: 'backend_protocol', reason, field, excerpt: shown };
}

/** A request breaks a rule for the fields with that known name. */
export function refuseField(broken: RequestRule, head: FieldSection, id: number): Refusal {
  const [name, value] = shownField(head, id);
  return refuseRequest(broken, name, value);
}

/** A request breaks a rule for its target. */
export function refuseTarget(broken: RequestRule, head: { readonly target: string }): Refusal {
  return refuseRequest(broken, '', targetExcerpt(head.target));
}

/** The name, as the peer wrote it, and the values of the fields with that known name. */
export function shownField(head: FieldSection, id: number): readonly [name: string, value: string] {
  const field = head.fieldWith(id);
  if (field < 0) return ['', ''];
  const name = head.nameText(field);
  const values: string[] = [];
  for (let at = field; at < head.fields; at++) if (head.ids[at] === id) values.push(head.valueText(at));
  return [name, valueExcerpt(name, values.join(', '))];
}
