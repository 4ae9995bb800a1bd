import type { SimulationScenario } from './scenarios.ts';
import type { FigureRow } from './tables.ts';

const LABELS = 196;
const PANEL = 140;
const GAP = 18;
const TOP = 84;
const ROW = 27;
const BOTTOM = 56;
const FIRST_MS = 10;
const LAST_MS = 40_000;
const TICKS = [
  [10, '10 ms'],
  [100, ''],
  [1_000, '1 s'],
  [10_000, ''],
] as const;

/** Colours for light and dark pages, with enough contrast on both. */
const STYLE = `
    text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f; }
    .small { font-size: 11px; fill: #57606a; }
    .title { font-weight: 600; }
    .grid { stroke: #d0d7de; stroke-width: 1; }
    .band { fill: #f6f8fa; }
    .span { stroke: #8c959f; stroke-width: 2; }
    .p50 { fill: #0969da; }
    .p99 { fill: #cf222e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .small { fill: #9198a1; }
      .grid { stroke: #3d444d; }
      .band { fill: #151b23; }
      .span { stroke: #656c76; }
      .p50 { fill: #58a6ff; }
      .p99 { fill: #ff7b72; }
    }`;

/** A plot as SVG: for each scenario a panel, in which each algorithm has a line from its 50th to its 99th percentile. */
export function drawPlot(scenarios: readonly SimulationScenario[], rows: readonly FigureRow[]): string {
  const width = LABELS + scenarios.length * (PANEL + GAP) + GAP;
  const height = TOP + rows.length * ROW + BOTTOM;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `  <title id="title">Response times by algorithm: 50th and 99th percentile</title>`,
    `  <style>${STYLE}\n  </style>`,
    ...rows.flatMap(({ algorithm }, row) => drawRow(algorithm, row, width)),
    ...scenarios.flatMap((scenario, at) => drawPanel(scenario, at, rows)),
    ...drawLegend(height),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function drawRow(algorithm: string, row: number, width: number): string[] {
  const top = TOP + row * ROW;
  const band =
    row % 2 === 0 ? [`  <rect class="band" x="0" y="${top}" width="${width}" height="${ROW}"/>`] : [];
  return [...band, `  <text x="12" y="${top + ROW / 2 + 4}">${algorithm}</text>`];
}

function drawPanel({ title }: SimulationScenario, at: number, rows: readonly FigureRow[]): string[] {
  const left = LABELS + at * (PANEL + GAP);
  const bottom = TOP + rows.length * ROW;
  const xOf = (ms: number): string => (left + placeOf(ms) * PANEL).toFixed(1);
  const titles = title.map(
    (line, place) =>
      `  <text class="title" x="${left + PANEL / 2}" y="${36 + place * 18}" text-anchor="middle">${line}</text>`,
  );
  const grid = TICKS.flatMap(([ms, label]) => [
    `  <line class="grid" x1="${xOf(ms)}" y1="${TOP}" x2="${xOf(ms)}" y2="${bottom}"/>`,
    ...(label !== ''
      ? [`  <text class="small" x="${xOf(ms)}" y="${bottom + 16}" text-anchor="middle">${label}</text>`]
      : []),
  ]);
  const marks = rows.flatMap(({ figures }, row) => {
    const figure = figures[at];
    if (figure === undefined) return [];
    const y = TOP + row * ROW + ROW / 2;
    const [p50, p99] = [xOf(figure.p50Ms), xOf(figure.p99Ms)];
    return [
      `  <line class="span" x1="${p50}" y1="${y}" x2="${p99}" y2="${y}"/>`,
      `  <circle class="p50" cx="${p50}" cy="${y}" r="4"/>`,
      `  <circle class="p99" cx="${p99}" cy="${y}" r="5"/>`,
    ];
  });
  return [...titles, ...grid, ...marks];
}

function drawLegend(height: number): string[] {
  const y = height - 14;
  return [
    `  <circle class="p50" cx="18" cy="${y - 4}" r="4"/>`,
    `  <text class="small" x="28" y="${y}">half of the requests take at most so long</text>`,
    `  <circle class="p99" cx="288" cy="${y - 4}" r="5"/>`,
    `  <text class="small" x="298" y="${y}">99 of 100 requests take at most so long</text>`,
  ];
}

/** Where a time lies on the axis, which is logarithmic: from 0 to 1. */
function placeOf(ms: number): number {
  const place = Math.log(ms / FIRST_MS) / Math.log(LAST_MS / FIRST_MS);
  return Math.min(1, Math.max(0, place));
}
