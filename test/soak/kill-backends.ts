import { parseArgs } from 'node:util';

import { killRun, type KillResult } from './backends/kill-run.ts';
import { failedOf, failuresOf, killTable } from './backends/kill-table.ts';
import { balance, balanceByDefault } from './backends/proxies/balance.ts';
import { haproxy } from './backends/proxies/haproxy.ts';
import { nginx, nginxWithoutFails } from './backends/proxies/nginx.ts';

const USAGE = `npm run soak:backends -- [options]

  --seconds N   for how long backends are killed and restarted (default 60)
  --backends N  how many there are (default 3); one always lives
  --every N     milliseconds between two acts, on average (default 300)
  --overlap N   a backend is killed only while another one has lived for so many milliseconds (default 0)
  --edits N     milliseconds between two edits of the weights of balance, on average (default 0: none)
  --workers N   workers of the proxy, threads of HAProxy, processes of nginx (default 1)
  --proxies X   balance, balance-20 (budget of 20 %), nginx, nginx-0 (max_fails=0), haproxy, or several with commas
                (default balance)
  --seed N      for what is random (default 1)
`;
const PROXIES = { balance, 'balance-20': balanceByDefault, nginx, 'nginx-0': nginxWithoutFails, haproxy };

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    seconds: { ...text, default: '60' },
    backends: { ...text, default: '3' },
    every: { ...text, default: '300' },
    overlap: { ...text, default: '0' },
    edits: { ...text, default: '0' },
    workers: { ...text, default: '1' },
    proxies: { ...text, default: 'balance' },
    seed: { ...text, default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) print(USAGE);
else await killAll(values.proxies.split(','));

async function killAll(names: readonly string[]): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const results: KillResult[] = [];
  for (const name of names) {
    const proxy = PROXIES[name as keyof typeof PROXIES];
    const version = proxy.version();
    if (version === undefined) {
      print(`- ${proxy.name} is not installed: left out`);
      continue;
    }
    print(`- ${version}`);
    const options = {
      seconds: Number(values.seconds),
      backends: Number(values.backends),
      everyMs: Number(values.every),
      overlapMs: Number(values.overlap),
      editEveryMs: Number(values.edits),
      workers: Number(values.workers),
      seed: Number(values.seed),
    };
    const result = await killRun(proxy, options, stop.signal);
    results.push(result);
    for (const line of [...failuresOf(result), ...result.faults.slice(0, 10)]) print(`  ${line}`);
    if (proxy === balance && failedOf(result) + result.faults.length > 0) process.exitCode = 1;
  }
  print(`\n${killTable(results)}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
