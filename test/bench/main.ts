import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackend } from './backend.ts';
import type { Bench, Peer } from './bench.ts';
import { chooseCores, pinned } from './cores.ts';
import { checkAnswer, measure, type Measurement, type RunningPeer } from './measure.ts';
import { benchUsage, parseOptions, type BenchOptions } from './options.ts';
import { measureIdle } from './idle.ts';
import { measureNewcomers } from './newcomers.ts';
import { measureMemory } from './memory.ts';
import { withOpenFiles } from './open-files.ts';
import { measurePaced } from './paced.ts';
import { balance, balanceBefore, resiliencePeers, telemetryPeers } from './peers/balance.ts';
import { haproxy } from './peers/haproxy.ts';
import { nginx } from './peers/nginx.ts';
import { node } from './peers/node.ts';
import { freePort } from '../support/addresses/free-ports.ts';
import { Processes } from './processes.ts';
import {
  MODES,
  memoryScenario,
  scenarios,
  resilienceScenario,
  telemetryScenario,
  workerScenarios,
  type Mode,
  type Scenario,
} from './scenarios.ts';
import { writeCertificates } from './bench-certificates.ts';
import { markdownTable } from './table.ts';

/** Before the first round: lets compilers optimize and pools fill. */
const warmUpSeconds = 2;
/** The name of balance with one worker, where more are measured. */
const ONE_WORKER = 'balance 1';

const options = parseOptions(process.argv.slice(2));
if (options === undefined) {
  process.stdout.write(benchUsage);
} else if (spawnSync('wrk', ['-v']).error !== undefined) {
  process.stderr.write('the benchmark needs wrk (apt-get install wrk)\n');
  process.exitCode = 1;
} else {
  await run(options);
}

async function run(options: BenchOptions): Promise<void> {
  const processes = new Processes();
  const folder = mkdtempSync(join(tmpdir(), 'balance-bench-'));
  const bench: Bench = {
    processes,
    cores: chooseCores(options.workers),
    folder,
    certificates: writeCertificates(folder),
    profile: options.profile,
  };
  const close = async (): Promise<void> => {
    await processes.close();
    rmSync(bench.folder, { recursive: true, force: true });
  };
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interruption.abort();
      void close().then(() => process.exit(130));
    });
  }
  try {
    const backend = await startBackend(bench);
    process.stdout.write(`${machine(bench, options, backend.name)}\n`);
    const collector = await startCollector(bench);
    const { workers } = options;
    const before = options.before === '' ? [] : [balanceBefore(options.before)];
    const peers: readonly Peer[] =
      workers === 1
        ? [balance(1), ...before, nginx(1), haproxy(1), node]
        : [
            balance(workers),
            balance(1, ONE_WORKER),
            ...before,
            nginx(workers),
            nginx(1, 'nginx 1'),
            haproxy(workers),
          ];
    const references = [
      ...(workers === 1 ? [] : [ONE_WORKER]),
      ...before.map(({ name }) => name),
      ...(workers === 1 ? ['nginx'] : ['nginx', 'nginx 1']),
      'HAProxy',
    ];
    for (const mode of MODES) {
      const inMode = [...scenarios, ...(workers > 1 ? workerScenarios : [])].filter(
        (scenario) => scenario.mode === mode,
      );
      const port = mode === 'backend-tls' ? backend.tlsPort : backend.port;
      if (port === undefined) process.stderr.write(`${mode} is left out: it needs nginx as the backend\n`);
      else await runGroup({ mode, peers, scenarios: inMode, references }, bench, port, collector, options);
    }
    if (workers > 1) {
      const counts = [1, workers, workers + 1, workers + 2];
      const peers = counts.map((count) => balance(count, `${count} workers`));
      const group = { mode: 'http', peers, scenarios: [memoryScenario], references: [] } as const;
      await runGroup(group, bench, backend.port, collector, { ...options, peers: [] });
    }
    const costs = [
      { peers: telemetryPeers, scenarios: [telemetryScenario], references: ['plain'] },
      { peers: resiliencePeers, scenarios: [resilienceScenario], references: ['all off'] },
    ];
    for (const cost of costs)
      await runGroup({ mode: 'http', ...cost }, bench, backend.port, collector, options);
  } catch (thrown) {
    // After Ctrl-C every measurement fails, as its processes are gone.
    if (!interruption.signal.aborted) throw thrown;
  } finally {
    await close();
  }
}

/** Peers that run at the same time and are measured in turn. */
interface Group {
  readonly mode: Mode;
  readonly peers: readonly Peer[];
  readonly scenarios: readonly Scenario[];
  /** The peers that the others are held against. */
  readonly references: readonly string[];
}

async function runGroup(
  group: Group,
  bench: Bench,
  backendPort: number,
  collector: number,
  options: BenchOptions,
): Promise<void> {
  const { mode } = group;
  const chosen = group.scenarios.filter(
    ({ name }) => options.only.length === 0 || options.only.includes(name),
  );
  if (chosen.length === 0) return;

  const running: (RunningPeer & { stop(): Promise<void> })[] = [];
  for (const peer of group.peers) {
    if (options.peers.length > 0 && !options.peers.includes(peer.name)) continue;
    const version = peer.version(mode);
    if (version === undefined) {
      process.stderr.write(`${peer.name} is not installed for ${mode}: left out\n`);
      continue;
    }
    process.stdout.write(`- ${mode}: ${peer.name} is ${version}\n`);
    const ports = { listen: await freePort(), admin: await freePort(), backend: backendPort, collector };
    const command = withOpenFiles(pinned(bench.cores.proxy, peer.command(mode, bench, ports)));
    try {
      const started = await bench.processes.startServer(command, ports.listen);
      running.push({ name: peer.name, port: ports.listen, ...started });
    } catch (thrown) {
      // An older checkout may not know what the mode needs.
      process.stderr.write(`${peer.name} is left out of ${mode}: ${String(thrown)}\n`);
    }
  }
  for (const scenario of chosen) {
    for (const peer of running) await checkAnswer(bench, peer, scenario);
    process.stdout.write(
      `\n### ${scenario.title}\n\n${await measured(scenario, group, bench, running, options)}\n\n`,
    );
  }
  for (const peer of running) await peer.stop();
}

/** The table of one scenario. */
function measured(
  scenario: Scenario,
  { references }: Group,
  bench: Bench,
  running: readonly RunningPeer[],
  options: BenchOptions,
): Promise<string> {
  switch (scenario.kind) {
    case 'full':
    case 'resumed':
      return measureFull(scenario, bench, running, references, options);
    case 'paced':
      return measurePaced(bench, running, scenario, options);
    case 'newcomers':
      return measureNewcomers(bench, running, references, scenario, options);
    case 'idle':
      return measureIdle(bench, running, scenario);
    case 'memory':
      return measureMemory(bench, running, scenario, options);
  }
}

async function startCollector(bench: Bench): Promise<number> {
  const port = await freePort();
  const program = fileURLToPath(new URL('collector-process.js', import.meta.url));
  const command = pinned(bench.cores.load, [process.execPath, program, String(port)]);
  await bench.processes.startServer(command, port);
  return port;
}

async function measureFull(
  scenario: Scenario,
  bench: Bench,
  running: readonly RunningPeer[],
  references: readonly string[],
  options: BenchOptions,
): Promise<string> {
  const results = running.map(({ name }) => ({ name, rounds: new Array<Measurement>() }));
  for (const peer of running) {
    await measure(
      bench,
      peer,
      scenario,
      Math.min(warmUpSeconds, options.seconds),
      scenario.requestsPerSecond,
    );
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const [index, peer] of running.entries()) {
      const measured = await measure(bench, peer, scenario, options.seconds, scenario.requestsPerSecond);
      results[index]?.rounds.push(measured);
      const cpu = measured.cpuMicrosecondsPerRequest.toFixed(1);
      process.stderr.write(
        `${scenario.name} ${round}/${options.rounds} ${peer.name}: ${cpu} µs CPU/request\n`,
      );
    }
  }
  return markdownTable(results, references);
}

/** The machine and the settings that the figures depend on. */
function machine(bench: Bench, options: BenchOptions, backend: string): string {
  const { proxy, load } = bench.cores;
  const cores =
    proxy === undefined ? 'nothing pinned' : `proxy on core ${proxy}, wrk and backend on core ${load ?? ''}`;
  return [
    `- ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Linux ${release()}`,
    `- ${cores}; backend: ${backend}`,
    ...(options.workers === 1 ? [] : [`- ${options.workers} workers each; those named "… 1" have one`]),
    `- median of ${options.rounds} interleaved rounds of ${options.seconds} s`,
  ].join('\n');
}
