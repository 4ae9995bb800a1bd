import type { Bench } from './bench.ts';
import { usageOf } from './process-usage.ts';
import { bodySizeBytes, type Scenario } from './scenarios.ts';
import { drive } from './wrk.ts';

/** A peer that runs and waits for load. */
export interface RunningPeer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** One round of one peer. */
export interface Measurement {
  readonly requestsPerSecond: number;
  readonly cpuMicrosecondsPerRequest: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  readonly residentBytes: number;
  readonly errors: number;
}

export async function measure(
  bench: Bench,
  peer: RunningPeer,
  scenario: Scenario,
  seconds: number,
  requestsPerSecond?: number,
): Promise<Measurement> {
  const before = usageOf(peer.pid);
  const load = await drive(
    bench.processes,
    bench.cores.load,
    peer.port,
    scenario,
    seconds,
    requestsPerSecond,
  );
  const after = usageOf(peer.pid);
  return {
    requestsPerSecond: (load.requests * 1_000_000) / load.durationMicroseconds,
    cpuMicrosecondsPerRequest: (after.cpuMicroseconds - before.cpuMicroseconds) / Math.max(1, load.requests),
    p50Microseconds: load.p50Microseconds,
    p99Microseconds: load.p99Microseconds,
    residentBytes: after.residentBytes,
    errors: load.errors,
  };
}

/** Asks once, so that nothing that answers nonsense quickly is measured. */
export async function checkAnswer(peer: RunningPeer, scenario: Scenario): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${peer.port}${scenario.path}`);
  const body = await response.arrayBuffer();
  if (response.status !== 200 || body.byteLength !== bodySizeBytes[scenario.path]) {
    throw new Error(`${peer.name} answered ${response.status} with ${body.byteLength} bytes`);
  }
  if (scenario.mode === 'http' && response.headers.get('x-request-id') === null) {
    throw new Error(`${peer.name} sends no request id: its work would not be comparable`);
  }
}
