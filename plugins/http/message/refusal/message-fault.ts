import type { RefusalRule } from './refusal-rules.ts';

/** What a codec found wrong in a message, and where. */
export interface MessageFault {
  readonly rule: RefusalRule;
  /** The rule in words, the same for all that break it. */
  readonly reason: string;
  /** Name of the field; '' when it is none. */
  readonly field: string;
  /** Safe to show in the log. */
  readonly excerpt: string;
}

/** Nothing is wrong. */
export const NO_FAULT: MessageFault = { rule: 'syntax', reason: '', field: '', excerpt: '' };
