import { LOOK_ALIKE, UNKNOWN } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { HttpOptions } from '../config/schema/options.generated.ts';

/**
 * Decides about fields that applications could take for others because of the signs in their names. Fields that `classify`
 * found to be look-alikes of ours are dropped already; this is for policies that want more, or less.
 *
 * @returns the field for which the request is to be refused, or -1
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
