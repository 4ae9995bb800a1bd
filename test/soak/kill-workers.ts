import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { ProxyProcess } from '../fuzz/proxy-process.ts';
import { table } from '../fuzz/report.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { httpClient, webSocketClient } from './kill/clients.ts';
import { ConnectionBook } from './kill/connection-book.ts';
import { execute, type Execution } from './kill/executioner.ts';
import { ENDS, REAPER, REAPER_PLUGIN } from './kill/reaper-plugin.ts';
import { SoakHttpBackend } from './soak-backends.ts';
import { rest } from './traffic.ts';

const USAGE = `npm run soak:workers -- [options]

  --workers N   workers of the proxy (default 4)
  --seconds N   for how long a worker is ended each second (default 60)
  --seed N      for what is random (default 1)
  --backoff     workers that end again and again wait before they are replaced, as in production: then fewer can be ended
`;
const HTTP_CLIENTS = 64;
const WEB_SOCKET_CLIENTS = 64;
const SETTLE_MS = 2_000;
/** The backend closes idle connections after 4 s. */
const CALM_MS = 6_000;
const EVERY_MS = 1_000;
/** The longest wait before a worker is replaced, and its start. */
const ALL_BACK_LIMIT_MS = 40_000;
/** So that a heap is full soon. */
const HEAP_MIB = 160;
const TERMINATE_HOOK = new URL('kill/terminate-hook.js', import.meta.url).href;
const AT_ONCE_HOOK = new URL('kill/replace-at-once.js', import.meta.url).href;
/** What the log says of workers that end, which is what this run is about. */
const EXPECTED = /worker ended|crash again and again/;

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    backoff: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else await soak(Number(values.workers), Number(values.seconds), Number(values.seed), values.backoff);

async function soak(workers: number, seconds: number, seed: number, waits: boolean): Promise<void> {
  const random = new SeededRandom(seed);
  const backend = await new SoakHttpBackend().listen();
  const plugins = mkdtempSync(join(tmpdir(), 'balance-reaper-'));
  writeFileSync(join(plugins, `${REAPER}.mjs`), REAPER_PLUGIN);
  const proxy = await ProxyProcess.start(config(workers, backend.port, plugins), 2, [
    `--max-old-space-size=${HEAP_MIB}`,
    `--import=${TERMINATE_HOOK}`,
    ...(waits ? [] : [`--import=${AT_ONCE_HOOK}`]),
  ]);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  try {
    const book = new ConnectionBook();
    const web = proxy.port('web');
    const before = proxy.fds();
    const clients = [
      ...Array.from({ length: HTTP_CLIENTS }, (_, number) => httpClient(web, book, number, stop.signal)),
      ...Array.from({ length: WEB_SOCKET_CLIENTS }, () => webSocketClient(web, book, stop.signal)),
    ];
    await rest(SETTLE_MS);
    const executions: Execution[] = [];
    const untilMs = performance.now() + seconds * 1_000;
    while (performance.now() < untilMs && !stop.signal.aborted && proxy.alive) {
      const nextMs = performance.now() + EVERY_MS;
      const execution = await execute(proxy.port(REAPER), proxy.adminPort, book, random.pick(ENDS));
      executions.push(execution);
      const { worker, end, own, unknown, others } = execution;
      process.stdout.write(
        `worker ${worker} ended by ${end}: ${own} of its connections broke, ${unknown} new ones, ${others.length} of others\n`,
      );
      await rest(Math.max(0, nextMs - performance.now()));
    }
    const allBack = await allServe(proxy, workers);
    const strays = book.takeBreaks();
    stop.abort();
    await Promise.all(clients);
    await rest(CALM_MS);
    const after = proxy.fds();
    const left = (await statusOf(proxy)).listeners.reduce((sum, { connections }) => sum + connections, 0);
    const faults = proxy.faults.filter((line) => !EXPECTED.test(line));
    const exit = await proxy.stop();
    const wrong = [...executions.flatMap(({ others }) => others), ...book.faults, ...faults];
    for (const line of [...wrong, ...strays.map(({ why }) => `broke without an end: ${why}`)].slice(0, 20))
      process.stdout.write(`${line}\n`);
    const sum = (of: (execution: Execution) => number): number =>
      executions.reduce((total, execution) => total + of(execution), 0);
    conclude([
      ['workers that were ended', executions.length, executions.length > 0],
      ['… a minute', Math.round((executions.length / seconds) * 60), true],
      ['right answers', book.answers, book.answers > 0],
      ['connections', book.connects, book.connects > 0],
      ['connections of ended workers that broke', sum(({ own }) => own), true],
      ['connections that were opened meanwhile and broke', sum(({ unknown }) => unknown), true],
      ['connections of other workers that broke', sum(({ others }) => others.length), 0],
      ['connections that broke while no worker ended', strays.length, 0],
      ['refused connects and wrong answers', book.faults.length, 0],
      ['complaints of the proxy', faults.length, 0],
      ['workers that serve again', allBack, allBack === workers],
      ['connections that are left', left, 0],
      ['file descriptors more than before', Math.max(0, after - before), after <= before + workers * 8],
      ['exit code', exit, exit === 0],
    ]);
  } finally {
    stop.abort();
    await proxy.stop();
    await backend.close();
    rmSync(plugins, { recursive: true, force: true });
  }
}

function config(workers: number, backend: number, plugins: string): string {
  return `workers: ${workers}
listeners:
  - { name: web, listen: '127.0.0.1:0', mode: http, upstream: web }
  - { name: ${REAPER}, listen: '127.0.0.1:0', mode: ${REAPER} }
upstreams:
  - name: web
    backends: [{ address: '127.0.0.1:${backend}' }]
plugins: { directory: '${plugins}' }
admin: { listen: '127.0.0.1:0' }
logging: { level: info, format: json, access_log: false }
reload: { watch: false }
`;
}

interface Status {
  readonly workers: readonly { readonly state: string }[];
  readonly listeners: readonly { readonly connections: number }[];
}

async function statusOf(proxy: ProxyProcess): Promise<Status> {
  return (await (await fetch(`http://127.0.0.1:${proxy.adminPort}/status`)).json()) as Status;
}

/** How many workers serve, once all do or the time for that is over. */
async function allServe(proxy: ProxyProcess, workers: number): Promise<number> {
  const untilMs = performance.now() + ALL_BACK_LIMIT_MS;
  for (;;) {
    const { workers: rows } = await statusOf(proxy);
    const serving = rows.filter(({ state }) => state === 'serving').length;
    if (serving === workers || performance.now() > untilMs) return serving;
    await rest(250);
  }
}

/** One line each: what, how much, and whether that is right (a number: so much it must be). */
function conclude(lines: readonly (readonly [string, number | string, boolean | number])[]): void {
  const rows = lines.map(([what, measured, allowed]) => {
    const passed = typeof allowed === 'number' ? measured === allowed : allowed;
    if (!passed) process.exitCode = 1;
    return [what, String(measured), passed ? 'PASS' : 'FAIL'];
  });
  process.stdout.write(`\n${table([['at the end', 'measured', ''], ...rows])}\n`);
}
