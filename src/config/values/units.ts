/** The longest duration that is accepted. Node's timers have 31 bits of milliseconds and fire at once when a delay is longer. */
export const MAX_DURATION_MS = 24 * 24 * 3_600_000;

/** What {@link parseDurationMs} takes, in words for error messages. */
export const DURATION_FORMS = '150ms, 5s, 1m30s, 12h or 1d';
/** What {@link parseSizeBytes} takes, in words for error messages. */
export const SIZE_FORMS = '512B, 64KiB or 10MB';

const DURATION =
  /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;
const DURATION_UNITS_MS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const SIZE = /^(\d+(?:\.\d+)?)(B|kB|KB|MB|GB|KiB|MiB|GiB)$/;
const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/**
 * Reads a duration such as `150ms`, `5s`, `1m30s`, `1.5h`, `30d` or `0`: numbers with the units d, h, m, s and ms, from
 * the longest to the shortest, without spaces. Throws an Error that says what is allowed.
 *
 * @param longestMs the longest duration that is accepted; more than {@link MAX_DURATION_MS} only where no timer waits for it
 */
export function parseDurationMs(text: string, longestMs: number = MAX_DURATION_MS): number {
  if (text === '0') return 0;
  const match = DURATION.exec(text);
  if (match === null || text === '') throw new Error(`must be a duration such as ${DURATION_FORMS}`);
  let totalMs = 0;
  for (const [index, [, unitMs]] of DURATION_UNITS_MS.entries()) {
    totalMs += Number(match[index + 1] ?? 0) * unitMs;
  }
  const wholeMs = Math.round(totalMs);
  // A tiny difference comes from rounding, as for 0.1h. A larger one is a fraction of a millisecond in the text.
  if (Math.abs(wholeMs - totalMs) > 1e-6) throw new Error('must be a whole number of milliseconds');
  if (wholeMs > longestMs) throw new Error(`must be at most ${formatDuration(longestMs)}`);
  return wholeMs;
}

/** The longest age of a file that is accepted: ten years. No timer waits for it. */
export const MAX_AGE_MS = 3650 * 86_400_000;

/** Reads a size such as `512B`, `64KiB` (binary), `10MB` (decimal) or `0`. Throws an Error that says what is allowed. */
export function parseSizeBytes(text: string): number {
  if (text === '0') return 0;
  const match = SIZE.exec(text);
  if (match === null) throw new Error(`must be a size such as ${SIZE_FORMS}`);
  const bytes = Number(match[1]) * (SIZE_UNITS_BYTES[match[2] ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new Error('must be a whole number of bytes');
  return bytes;
}

/** The shortest text that {@link parseDurationMs} reads back as the same number: `30d`, `1m30s`, `150ms`, `0s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1) return '0s';
  let rest = Math.round(durationMs);
  let text = '';
  for (const [unit, unitMs] of DURATION_UNITS_MS) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** How long something runs, in whole seconds, without leading zero units: `2h15m30s`, `2h0m5s`, `42s`. */
export function formatUptime(uptimeMs: number): string {
  const seconds = Math.max(0, Math.floor(uptimeMs / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours}h${minutes % 60}m${seconds % 60}s`;
  if (minutes > 0) return `${minutes}m${seconds % 60}s`;
  return `${seconds}s`;
}

/** The shortest text that {@link parseSizeBytes} reads back as the same number: `64KiB`, `1000B`. */
export function formatSize(sizeBytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const unitBytes = SIZE_UNITS_BYTES[unit] ?? 1;
    if (sizeBytes > 0 && sizeBytes % unitBytes === 0) return `${sizeBytes / unitBytes}${unit}`;
  }
  return `${sizeBytes}B`;
}
