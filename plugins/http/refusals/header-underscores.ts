import { LOOK_ALIKE, UNKNOWN } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { HttpOptions } from '../config/schema/options.generated.ts';

/**
 * Applies `underscore_headers`: whether fields are forwarded whose names applications could take for other names. The codec has
 * already marked the look-alikes of managed fields, which are dropped by default; this is for the policies that drop more, or less.
 *
 * @returns the field because of which the request must be refused, or -1
 */
export function applyUnderscorePolicy(head: RequestHead, policy: HttpOptions['underscore_headers']): number {
  for (let field = 0; field < head.fields; field++) {
    if (policy === 'keep') {
      if (head.ids[field] === LOOK_ALIKE) head.ids[field] = UNKNOWN;
    } else if (policy !== 'drop-colliding' && head.hasUnderscore(field)) {
      if (policy === 'refuse') return field;
      head.ids[field] = LOOK_ALIKE;
    }
  }
  return -1;
}
