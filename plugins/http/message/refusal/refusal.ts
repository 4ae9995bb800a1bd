import type { ErrorCode } from '../../../../src/errors.ts';
import type { MessageRefusal } from '../../../../src/plugin-api/index.ts';
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

/** A rule for requests, and the answer to a client that breaks it. */
export interface RequestRule {
  readonly rule: RefusalRule;
  readonly status: number;
  /** What the answer to the client says. */
  readonly reason: string;
  /** Default: `bad_request`. */
  readonly code?: ErrorCode;
}

/** Why a message is not served: the rule that it broke, the place, and the answer to the client. */
export interface Refusal extends MessageRefusal {
  readonly rule: RefusalRule;
  readonly status: number;
  readonly code: ErrorCode;
  /** The rule in words. The log shows it; the client sees it only when its own request broke the rule. */
  readonly reason: string;
}

/** The refusal of a request. `field` and `shown` say what broke the rule; see {@link MessageRefusal}. */
export function refuseRequest(broken: RequestRule, field = '', shown = ''): Refusal {
  const { rule, status, reason, code = 'bad_request' } = broken;
  return { side: 'request', rule, status, code, reason, field, excerpt: shown };
}

/** The refusal of a response. The answer to the client says only that the response is invalid. */
export function refuseResponse(rule: RefusalRule, reason: string, field = '', shown = ''): Refusal {
  return { side: 'response', rule, status: 502, code: 'backend_protocol', reason, field, excerpt: shown };
}
