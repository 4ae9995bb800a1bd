import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { pinned } from './cores.ts';
import type { Processes } from './processes.ts';
import type { Scenario } from './scenarios.ts';

export interface Load {
  readonly requests: number;
  readonly durationMicroseconds: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  /** Failed connects, reads and writes, timeouts, and answers that were not 2xx or 3xx. */
  readonly errors: number;
}

/** Beside the sources, as the compiler copies only its own files. */
const script = fileURLToPath(new URL('../../../test/bench/report.lua', import.meta.url));

/** Drives a proxy for a while with one thread of wrk, as fast as it goes or at about that rate. */
export async function drive(
  processes: Processes,
  core: string | undefined,
  port: number,
  scenario: Scenario,
  seconds: number,
  requestsPerSecond?: number,
): Promise<Load> {
  const output = await processes.output(
    pinned(core, [
      'wrk',
      '-t1',
      `-c${scenario.connections}`,
      `-d${seconds}s`,
      ...scenario.headers.flatMap((header) => ['-H', header]),
      '-s',
      script,
      `${scenario.mode === 'https' ? 'https' : 'http'}://127.0.0.1:${port}${scenario.path}`,
      ...(requestsPerSecond === undefined ? [] : ['--', String(scenario.connections / requestsPerSecond)]),
    ]),
  );
  return loadIn(output);
}

/** The same figures as wrk's, of a program that resumes TLS sessions. */
export async function driveResumed(
  { processes, cores, certificates }: Bench,
  port: number,
  { connections, path }: Scenario,
  seconds: number,
): Promise<Load> {
  const program = fileURLToPath(new URL('resumed-process.js', import.meta.url));
  const args = [port, connections, seconds, path, certificates.ca].map(String);
  return loadIn(await processes.output(pinned(cores.load, [process.execPath, program, ...args])));
}

function loadIn(output: string): Load {
  const result = /^RESULT (.+)$/m.exec(output)?.[1];
  if (result === undefined) throw new Error(`the load printed no result:\n${output}`);
  return JSON.parse(result) as Load;
}
