import type { CertificateFacts } from './certificate-facts.ts';

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

/** Why a certificate is not valid at a moment, after "which"; undefined when it is. */
export function invalidAt(
  { notBeforeMs, notAfterMs }: Pick<CertificateFacts, 'notBeforeMs' | 'notAfterMs'>,
  nowMs: number,
): string | undefined {
  if (notAfterMs < nowMs) return `expired on ${dayOf(notAfterMs)}`;
  return notBeforeMs > nowMs ? `is not valid before ${momentOf(notBeforeMs)}` : undefined;
}

/**
 * Says that a certificate expires soon, after "which": in less than 30 days, or, for one of a short life, in less than a third of it.
 * Undefined when there is time left, and when it has expired.
 */
export function expiresSoon(
  { notBeforeMs, notAfterMs }: Pick<CertificateFacts, 'notBeforeMs' | 'notAfterMs'>,
  nowMs: number,
): string | undefined {
  const leftMs = notAfterMs - nowMs;
  if (leftMs < 0 || leftMs >= Math.min(WARN_DAYS * DAY_MS, (notAfterMs - notBeforeMs) / 3)) return undefined;
  const days = Math.floor(leftMs / DAY_MS);
  const left = days === 0 ? 'in less than a day' : days === 1 ? 'in 1 day' : `in ${days} days`;
  return `expires ${left}, on ${dayOf(notAfterMs)}`;
}

/** The day of a moment, in UTC: `2026-11-30`. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function momentOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
