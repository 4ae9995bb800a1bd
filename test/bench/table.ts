import type { Measurement } from './measure.ts';

/** The rounds of one peer in one scenario; round i of every peer ran next to each other. */
export interface PeerResult {
  readonly name: string;
  readonly rounds: readonly Measurement[];
}

/** A Markdown table of the medians of one scenario; `references` are the peers that the others are held against. */
export function markdownTable(results: readonly PeerResult[], references: readonly string[]): string {
  const head = ['proxy', 'requests/s', 'CPU µs/request', 'p50 ms', 'p99 ms', 'RSS MiB'];
  const ratios = references.flatMap((name) => [`CPU ÷ ${name}`, `p99 ÷ ${name}`]);
  const rows = results.map((result) => {
    const median = (field: keyof Measurement) => medianOf(result.rounds.map((round) => round[field]));
    const errors = result.rounds.reduce((sum, round) => sum + round.errors, 0);
    return [
      errors === 0 ? result.name : `${result.name} (${errors} errors!)`,
      median('requestsPerSecond').toFixed(0),
      median('cpuMicrosecondsPerRequest').toFixed(1),
      (median('p50Microseconds') / 1000).toFixed(2),
      (median('p99Microseconds') / 1000).toFixed(2),
      (median('residentBytes') / 1024 / 1024).toFixed(0),
      ...references.flatMap((name) => {
        const reference = results.find((other) => other.name === name);
        return [
          ratio(result, reference, 'cpuMicrosecondsPerRequest'),
          ratio(result, reference, 'p99Microseconds'),
        ];
      }),
    ];
  });
  return tableText([...head, ...ratios], rows);
}

/** A Markdown table whose columns but the first one hold numbers. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, ['---', ...head.slice(1).map(() => '---:')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** The median of the ratios of neighbouring rounds: what slows the machine down for a while slows both. */
function ratio(result: PeerResult, reference: PeerResult | undefined, field: keyof Measurement): string {
  if (reference === undefined) return '–';
  const ratios = result.rounds.map((round, index) => {
    const other = reference.rounds[index];
    return other === undefined ? NaN : round[field] / other[field];
  });
  return medianOf(ratios).toFixed(2);
}

export function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

export function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
