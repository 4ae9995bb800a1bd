import type { MessageHead } from './message-head.ts';

/** Takes fields out of a message, as a header transform does. */
export interface FieldFilter {
  /** Whether a field of a message is not passed on. */
  removes(head: MessageHead, field: number): boolean;
}

/** Which fields of a message a codec passes on. Fields that concern one connection, and those that frame the message, never are. */
export interface FieldRules {
  /** By number of a known field: true when the proxy writes that field itself, so that the one that arrived is left out. */
  readonly own: readonly boolean[];
  readonly filter: FieldFilter | undefined;
}

/** A table for {@link FieldRules.own}. */
export function ownFields(...ids: readonly number[]): readonly boolean[] {
  const table: boolean[] = [];
  for (const id of ids) table[id] = true;
  return Array.from(table, (own) => own);
}
