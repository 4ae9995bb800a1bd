import type { RefusalRule } from './refusal-rules.ts';

/** What a codec found wrong in a message: the rule, and the place. */
export interface MessageFault {
  readonly rule: RefusalRule;
  /** The rule in words, the same for all that break it. */
  readonly reason: string;
  /** The name of the field that breaks the rule; '' when it is not a field. */
  readonly field: string;
  /** The text at fault, shortened and without secrets, so that the log may show it. */
  readonly excerpt: string;
}

/** Stands for a message that breaks no rule. */
export const NO_FAULT: MessageFault = { rule: 'syntax', reason: '', field: '', excerpt: '' };
