import { readFileSync, writeFileSync } from 'node:fs';
import { ALGORITHMS } from '../../src/config/values/algorithm.ts';
import { drawPlot } from './draw-plot.ts';
import { percentile, runSimulation } from './run-simulation.ts';
import { imbalance, SCENARIOS } from './scenarios.ts';
import { tableOf, type Figures } from './tables.ts';

const PAGE = 'docs/balancers.md';
const PLOT = 'docs/images/balancers.svg';
const BEGIN = '<!-- begin: npm run simulate -->';
const END = '<!-- end: npm run simulate -->';

const rows = ALGORITHMS.map((algorithm) => ({
  algorithm,
  figures: SCENARIOS.map(({ plan }): Figures => {
    const result = runSimulation(algorithm, plan);
    return {
      p50Ms: percentile(result, 0.5),
      p99Ms: percentile(result, 0.99),
      imbalance: imbalance(plan, result.requests),
    };
  }),
}));
const table = tableOf(SCENARIOS, rows);
process.stdout.write(`${table}\n`);
writeFileSync(PLOT, drawPlot(SCENARIOS, rows));
const page = readFileSync(PAGE, 'utf8');
const [head] = page.split(BEGIN);
const [, tail] = page.split(END);
if (head === page || tail === undefined) throw new Error(`${PAGE} has no place for the table`);
writeFileSync(PAGE, `${head ?? ''}${BEGIN}\n\n${table}\n\n${END}${tail}`);
process.stdout.write(`${PAGE} and ${PLOT} are written.\n`);
