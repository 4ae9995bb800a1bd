import { KEEP_ALIVE } from '../message/field-names.ts';
import type { Head } from './parse/head.ts';

/** An idle socket is given up this long before the announced end, because a request could be under way when the backend closes. */
const MARGIN_MS = 1_000;

/**
 * For how many milliseconds a backend keeps the socket open after this response: its `Keep-Alive: timeout=` minus a margin; 0 when it
 * closes the socket, infinity when it does not say.
 */
export function announcedIdleMs(head: Head): number {
  if (!head.wantsKeepAlive) return 0;
  const field = head.fieldWith(KEEP_ALIVE);
  if (field < 0) return Number.POSITIVE_INFINITY;
  const seconds = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(head.valueText(field))?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) * 1000 - MARGIN_MS);
}
