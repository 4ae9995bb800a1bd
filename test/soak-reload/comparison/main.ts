import { parseArgs } from 'node:util';

import { Scene } from '../scene.ts';
import { balance } from './balance.ts';
import { compareRun, type CompareResult } from './compare-run.ts';
import { allFaultsOf, comparisonTable } from './comparison-table.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';

const USAGE = `npm run reload-comparison -- [options]

  --seconds N   of traffic and reloads with each proxy (default 20)
  --rate N      reloads a second (default 2)
  --load N      multiplies the number of clients (default 1)
  --seed N      for what is random (default 1)
`;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    seconds: { ...text, default: '20' },
    rate: { ...text, default: '2' },
    load: { ...text, default: '1' },
    seed: { ...text, default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) print(USAGE);
else await compareAll();

async function compareAll(): Promise<void> {
  const results: CompareResult[] = [];
  for (const peer of [balance, nginx, haproxy]) {
    const version = peer.version();
    if (version === undefined) {
      print(`- ${peer.name} is not installed: left out`);
      continue;
    }
    print(`- ${version}`);
    const scene = await Scene.open();
    try {
      const result = await compareRun(scene, peer, {
        seconds: Number(values.seconds),
        rate: Number(values.rate),
        load: Number(values.load),
        seed: Number(values.seed),
      });
      results.push(result);
      for (const { shown } of result.loops) for (const line of shown.slice(0, 2)) print(`  ${line}`);
    } finally {
      await scene.close();
    }
  }
  print(`\n${comparisonTable(results)}`);
  const own = results[0];
  if (own === undefined || own.askedAgain > 0 || allFaultsOf(own) > 0) process.exitCode = 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
