import type { SimulationScenario } from './scenarios.ts';

export interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly imbalance: number;
}

/** The figures of one algorithm, by scenario. */
export interface FigureRow {
  readonly algorithm: string;
  readonly figures: readonly Figures[];
}

/** A table in Markdown: the 50th and the 99th percentile in ms, and the imbalance. */
export function tableOf(scenarios: readonly SimulationScenario[], rows: readonly FigureRow[]): string {
  const lines = [
    ['algorithm', ...scenarios.map(({ name }) => name)],
    ['---', ...scenarios.map(() => '---:')],
    ...rows.map(({ algorithm, figures }) => [`\`${algorithm}\``, ...figures.map(cellOf)]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellOf({ p50Ms, p99Ms, imbalance }: Figures): string {
  return `${rounded(p50Ms)} / ${rounded(p99Ms)} / ${imbalance.toFixed(2)}`;
}

function rounded(ms: number): string {
  return Math.round(ms).toLocaleString('en');
}
