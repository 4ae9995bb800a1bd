import type { MessageHead, RequestHead, ResponseHead } from '../message/message-head.ts';
import type { FieldSource } from './editable-fields.ts';
import { separatorOf } from './field-check.ts';

/** The fields of a head as filters see them: without those that concern only one connection. */
export class HeadFields<H extends MessageHead = MessageHead> implements FieldSource {
  readonly head: H;

  constructor(head: H) {
    this.head = head;
  }

  joinedValue(lowerName: string): string | undefined {
    const { head } = this;
    let joined: string | undefined;
    for (let field = head.find(lowerName); field >= 0; field = head.find(lowerName, field + 1)) {
      if (head.isHopByHop(field)) continue;
      const value = head.valueText(field);
      joined = joined === undefined ? value : joined + separatorOf(lowerName) + value;
    }
    return joined;
  }
}

/** The fields of a request. They can be kept for longer than the memory that the head arrived in. */
export class RequestFields extends HeadFields<RequestHead> {
  /** A copy of the fields in memory of its own. */
  retain(): RequestFields {
    return new RequestFields(this.head.retain());
  }
}

/** The length of the body that the head announces, in bytes; undefined when only the end of the body tells it. */
export function announcedLength({ chunked, contentLength }: ResponseHead): number | undefined {
  return chunked || contentLength < 0 ? undefined : contentLength;
}
