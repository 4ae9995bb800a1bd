import type { WireError } from './wire-error.ts';

/** A question to another thread: what it says beside its kind, and what it is answered with. */
export interface Question<Said extends object, Answer> {
  readonly said: Said;
  readonly answer: Answer;
}

/** The kinds of a table of questions. */
export type KindOf<Questions extends object> = keyof Questions & string;

/** A question of that kind. */
export type Ask<Questions extends object, Kind extends KindOf<Questions> = KindOf<Questions>> = {
  readonly [K in Kind]: { readonly kind: K } & (Questions[K] extends Question<infer Said, unknown>
    ? Said
    : never);
}[Kind];

/** What a question of that kind is answered with. */
export type AnswerOf<Questions extends object, Kind extends KindOf<Questions>> =
  Questions[Kind] extends Question<object, infer Answer> ? Answer : never;

/** What goes over the port between two threads, in both directions. */
export type ThreadMessage =
  | { readonly frame: 'ask'; readonly id: number; readonly ask: object }
  /** Nobody waits for the answer any more. */
  | { readonly frame: 'cancel'; readonly id: number }
  | { readonly frame: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly frame: 'refusal'; readonly id: number; readonly error: WireError }
  | { readonly frame: 'say'; readonly said: unknown };
