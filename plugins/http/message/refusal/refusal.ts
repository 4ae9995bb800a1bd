import type { ErrorCode } from '../../../../src/errors.ts';
import type { MessageRefusal } from '../../../../src/plugin-api/index.ts';
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
