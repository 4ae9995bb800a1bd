import type { MessageHead, RequestHead } from './message-head.ts';
import { targetExcerpt, valueExcerpt } from './refusal/excerpt.ts';
import { refuseRequest, type Refusal, type RequestRule } from './refusal/refusal.ts';

/** The refusal of a request whose fields with that known name break a rule. */
export function refuseField(broken: RequestRule, head: MessageHead, id: number): Refusal {
  const [name, value] = shownField(head, id);
  return refuseRequest(broken, name, value);
}

/** The refusal of a request whose target breaks a rule. */
export function refuseTarget(broken: RequestRule, head: RequestHead): Refusal {
  return refuseRequest(broken, '', targetExcerpt(head.target));
}

/** The name, as the peer wrote it, and the values of the fields with that known name. */
export function shownField(head: MessageHead, id: number): readonly [name: string, value: string] {
  const field = head.fieldWith(id);
  if (field < 0) return ['', ''];
  const name = head.nameText(field);
  const values: string[] = [];
  for (let at = field; at < head.fields; at++) if (head.ids[at] === id) values.push(head.valueText(at));
  return [name, valueExcerpt(name, values.join(', '))];
}
