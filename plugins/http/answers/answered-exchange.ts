import type { Answer } from '../../../src/plugin-api/index.ts';
import type { TemplateValues } from '../forwarding/template.ts';

/** An exchange that its route answers, without a backend. */
export interface AnsweredExchange extends TemplateValues {
  /** Path and query, or `*`. */
  readonly target: string;
  /** The path in the spelling that routes compare. */
  readonly routedPath: string;
  /** Whether the client's connection is encrypted, here or up to a trusted proxy. */
  readonly isSecure: boolean;
  /** Its route, with the conditions on the path. */
  readonly matchedRoute:
    { readonly paths: readonly { readonly kind: string; readonly text: string }[] } | undefined;
  answer(answer: Answer): void;
  /** The error page for a status, or the proxy's short text. */
  errorAnswer(status: number, reason: string): Answer;
}

/** What a route answers by itself. */
export interface RouteAnswer {
  send(exchange: AnsweredExchange): void;
}
