import { fileURLToPath } from 'node:url';
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
  core: number | undefined,
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
      `http://127.0.0.1:${port}${scenario.path}`,
      ...(requestsPerSecond === undefined ? [] : ['--', String(scenario.connections / requestsPerSecond)]),
    ]),
  );
  const result = /^RESULT (.+)$/m.exec(output)?.[1];
  if (result === undefined) throw new Error(`wrk printed no result:\n${output}`);
  return JSON.parse(result) as Load;
}
