import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';

/** The beginning of a message that the parser refused, written in a form that the parser accepts. */
export interface Mended {
  /** What the parser reads instead. */
  readonly text: string;
  /** How many of the arrived bytes it replaces. */
  readonly length: number;
  /** The method of a request, as it arrived. */
  readonly method: string;
}

/** Why bytes are refused. */
export interface Unmended {
  readonly rule: RefusalRule;
  /** The rule in words, the same for all that break it. */
  readonly reason: string;
  /** The index of the byte that broke it. */
  readonly at: number;
}

/** The result of mending: undefined while more bytes are needed, 'not ours' when the parser's own reason says more. */
export type Mending = Mended | Unmended | 'not ours' | undefined;
