import { parseArgs } from 'node:util';

import { table } from '../fuzz/report.ts';
import { phases, slowCapacity, slowRun, type Second } from './slow/slow-run.ts';

const USAGE = `npm run soak:slow -- [options]

  --rate N        requests a second (default 150)
  --places N      requests that each of three backends works on at a time (default 10)
  --seconds N     for how long each request takes ten times as long (default 30)
  --patience N    milliseconds after which a client leaves (default 2000)
  --limit N       max_connections of each backend, with a queue of 1 s; 0: none (default)
  --resilience X  settings of resilience, default 'retry: {}, circuit_breaker: {}'
`;
const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    rate: { ...text, default: '150' },
    places: { ...text, default: '10' },
    seconds: { ...text, default: '30' },
    patience: { ...text, default: '2000' },
    limit: { ...text, default: '0' },
    resilience: { ...text, default: 'retry: {}, circuit_breaker: {}' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else await slow();

async function slow(): Promise<void> {
  const options = {
    rate: Number(values.rate),
    places: Number(values.places),
    slowSeconds: Number(values.seconds),
    patienceMs: Number(values.patience),
    limit: Number(values.limit),
    resilience: values.resilience,
  };
  const { slow: during, after } = phases(await slowRun(options), options);
  const possible = Math.min(options.rate, slowCapacity(options)) * during.length;
  const goodput = sum(during, 'useful') / possible;
  const back = after.findIndex(({ asked, useful }) => useful >= 0.95 * asked);
  process.stdout.write(
    `${table([
      ['', 'measured', 'allowed'],
      ['requests while slow', String(sum(during, 'asked')), ''],
      ['that the backends could serve', String(possible), ''],
      ['answered in time', String(sum(during, 'useful')), ''],
      ['refused with 503', String(sum(during, 'refused')), ''],
      ['goodput', `${(goodput * 100).toFixed(0)} %`, '≥ 80 %'],
      ['back after', back < 0 ? 'never' : `${String(back + 1)} s`, '≤ 10 s'],
    ])}\n`,
  );
  if (goodput < 0.8 || back < 0 || back >= 10) process.exitCode = 1;
}

function sum(seconds: readonly Second[], what: keyof Second): number {
  return seconds.reduce((total, second) => total + second[what], 0);
}
