/** `150ms`, `1.5ms`, `2.5s`, `1m30s`, `2h15m30s`: at most three significant digits below a minute, whole seconds from a minute on. */
export function durationText(durationMs: number): string {
  if (!(durationMs >= 0)) return '0ms';
  if (durationMs < 999.5) return `${shortNumber(durationMs)}ms`;
  if (durationMs < 59_995) return `${shortNumber(durationMs / 1000)}s`;
  const seconds = Math.round(durationMs / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours > 0 ? `${hours}h` : ''}${minutes}m${seconds % 60}s`;
}

function shortNumber(value: number): number {
  if (value >= 100) return Math.round(value);
  return value >= 10 ? Math.round(value * 10) / 10 : Math.round(value * 100) / 100;
}
