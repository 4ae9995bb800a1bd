import { ProxyProcess } from '../fuzz/proxy-process.ts';
import { table } from '../fuzz/report.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { httpTraffic } from './http-traffic.ts';
import { parseOptions, soakUsage, type SoakOptions } from './options.ts';
import { rawTraffic } from './raw-traffic.ts';
import { sampleLine, takeSample, type Sample } from './samples.ts';
import { SoakHttpBackend, SoakTcpBackend, type MortalServer } from './soak-backends.ts';
import { MAX_IDLE_SECONDS, soakConfig } from './soak-config.ts';
import { rest, TrafficLoop, type Visit } from './traffic.ts';
import { verdict } from './verdict.ts';

const COLLECT_GARBAGE = new URL('collect-garbage.js', import.meta.url).href;
const SAMPLE_MS = 2_000;
/** Until code is compiled and pools are full: this part of the run, at most a minute. */
const WARM_UP_SHARE = 0.4;
const LONGEST_WARM_UP_S = 60;
/** Idle sockets go, lingering connections end, the pools look once a second. */
const REST_LIMIT_S = MAX_IDLE_SECONDS + 8;

const options = parseOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(soakUsage);
else await soak(options);

async function soak(options: SoakOptions): Promise<void> {
  const steady = [await new SoakHttpBackend().listen(), await new SoakHttpBackend().listen()];
  const mortal = [await new SoakHttpBackend().listen(), await new SoakHttpBackend().listen()];
  const tcp = [await new SoakTcpBackend().listen(), await new SoakTcpBackend().listen()];
  const portsOf = (servers: readonly MortalServer[]): number[] => servers.map(({ port }) => port);
  const config = soakConfig({ steady: portsOf(steady), mortal: portsOf(mortal), tcp: portsOf(tcp) });
  const proxy = await ProxyProcess.start(config, 2, [
    ...process.execArgv,
    '--expose-gc',
    `--import=${COLLECT_GARBAGE}`,
  ]);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const startedAtMs = performance.now();
  const http = httpTraffic();
  try {
    await rest(1_500);
    await takeSample(proxy, startedAtMs);
    await rest(1_000);
    const before = await takeSample(proxy, startedAtMs);
    process.stdout.write(`before: ${sampleLine(before)}\n`);
    const loops = [...http.kinds, ...rawTraffic].map((kind) => new TrafficLoop(kind, stop.signal));
    let seed = options.seed;
    const visitOf = (): Visit => ({
      random: new SeededRandom((seed += 7_919)),
      webPort: proxy.port('web'),
      rawPort: proxy.port('raw'),
    });
    const traffic = Promise.all(
      loops.map((loop) => loop.run(Math.ceil(loop.kind.clients * options.load), visitOf)),
    );
    const deaths = mortal.map((server, index) =>
      dieAndReturn(server, new SeededRandom(options.seed + index), stop.signal),
    );
    const load = await sampleUnderLoad(proxy, options, startedAtMs, stop);
    stop.abort();
    await Promise.all([traffic, ...deaths]);
    http.close();
    const restSamples = await sampleAtRest(proxy, startedAtMs, before);
    const wrong = loops.reduce((sum, { failed }) => sum + failed, 0);
    const warmUpS = Math.min(LONGEST_WARM_UP_S, options.seconds * WARM_UP_SHARE);
    const begun = load[0]?.atSeconds ?? 0;
    const warm = load.filter(
      ({ atSeconds }) => atSeconds - begun >= warmUpS / 2 && atSeconds - begun <= warmUpS,
    );
    const faults = [...proxy.faults];
    const exit = await proxy.stop();
    report(loops, faults);
    const lines = verdict({
      before,
      load,
      warm: warm.length > 0 ? warm : load,
      rest: restSamples,
      wrong,
      faults,
      exit,
    });
    const rows = lines.map(({ what, measured, allowed, passed }) => [
      what,
      measured,
      allowed,
      passed ? 'PASS' : 'FAIL',
    ]);
    process.stdout.write(`\n${table([['at the end', 'measured', 'allowed', ''], ...rows])}\n`);
    if (lines.some(({ passed }) => !passed)) process.exitCode = 1;
  } finally {
    stop.abort();
    http.close();
    await proxy.stop();
    await Promise.all([...steady, ...mortal, ...tcp].map((server) => server.close()));
  }
}

/** Dies and comes back, again and again; where all do, at times none is there. */
async function dieAndReturn(
  server: MortalServer,
  random: SeededRandom,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    await rest(random.between(300, 2_500));
    await server.close();
    await rest(random.between(50, 1_200));
    await server.listen();
  }
}

async function sampleUnderLoad(
  proxy: ProxyProcess,
  options: SoakOptions,
  startedAtMs: number,
  stop: AbortController,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const endMs = performance.now() + options.seconds * 1000;
  const every = Math.max(1, Math.round(options.seconds / 30 / (SAMPLE_MS / 1000)));
  while (performance.now() < endMs && !stop.signal.aborted && proxy.alive) {
    await rest(Math.min(SAMPLE_MS, Math.max(0, endMs - performance.now())));
    const sample = await takeSample(proxy, startedAtMs).catch(() => undefined);
    // It is gone, or answers no more: the verdict will say so.
    if (sample === undefined) break;
    samples.push(sample);
    if (samples.length % every === 0) process.stdout.write(`${sampleLine(sample)}\n`);
  }
  return samples;
}

/** Until everything is as before, or the time for that is over; without garbage. */
async function sampleAtRest(proxy: ProxyProcess, startedAtMs: number, before: Sample): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let second = 0; second < REST_LIMIT_S && proxy.alive; second++) {
    await rest(500);
    collectGarbage(proxy);
    await rest(500);
    const sample = await takeSample(proxy, startedAtMs).catch(() => undefined);
    if (sample === undefined) break;
    samples.push(sample);
    const isCalm =
      sample.inFlight + sample.leased + sample.idle + sample.tunnels + sample.backendSockets === 0;
    if (isCalm && sample.fds <= before.fds + 2 && second >= MAX_IDLE_SECONDS) break;
  }
  const last = samples.at(-1);
  if (last !== undefined) process.stdout.write(`at rest: ${sampleLine(last)}\n`);
  return samples;
}

function collectGarbage({ alive, pid }: ProxyProcess): void {
  if (alive) process.kill(pid, 'SIGWINCH');
}

function report(loops: readonly TrafficLoop[], faults: readonly string[]): void {
  const rows = loops.map(({ kind, done, tolerated, failed }) => [
    kind.name,
    String(done),
    String(tolerated),
    String(failed),
  ]);
  process.stdout.write(`\n${table([['traffic', 'done', 'tolerated', 'failed'], ...rows])}\n`);
  for (const { kind, failures } of loops)
    for (const failure of failures) process.stdout.write(`${kind.name}: ${failure}\n`);
  for (const fault of faults.slice(0, 20)) process.stdout.write(`proxy: ${fault}\n`);
}
