import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { TLSSocket } from 'node:tls';

import type { Bench } from './bench.ts';
import { tlsTerms } from './bench-certificates.ts';
import { usageOf } from './process-usage.ts';
import { bodySizeBytes, isHttp, type Mode, type Scenario } from './scenarios.ts';
import { drive, driveResumed } from './wrk.ts';

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
  const { processes, cores } = bench;
  const load =
    scenario.kind === 'resumed'
      ? await driveResumed(bench, peer.port, scenario, seconds)
      : await drive(processes, cores.load, peer.port, scenario, seconds, requestsPerSecond);
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
export async function checkAnswer(bench: Bench, peer: RunningPeer, scenario: Scenario): Promise<void> {
  const { mode, path } = scenario;
  const { status, sizeBytes, requestId, tls } = await askOnce(bench, peer.port, mode, path);
  if (status !== 200 || sizeBytes !== bodySizeBytes[path]) {
    throw new Error(`${peer.name} answered ${status} with ${sizeBytes} bytes`);
  }
  if (isHttp(mode) && requestId === undefined) {
    throw new Error(`${peer.name} sends no request id: its work would not be comparable`);
  }
  const wanted = mode === 'https' ? `${tlsTerms.version} ${tlsTerms.cipherSuite}` : undefined;
  if (tls !== wanted)
    throw new Error(`${peer.name} speaks ${tls ?? 'no TLS'}, not ${wanted ?? 'plain HTTP'}`);
}

interface Answer {
  readonly status: number;
  readonly sizeBytes: number;
  readonly requestId: string | undefined;
  /** Version and cipher suite of the connection. */
  readonly tls: string | undefined;
}

function askOnce({ certificates }: Bench, port: number, mode: Mode, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = { host: '127.0.0.1', port, path, agent: false } as const;
    const answered = (response: IncomingMessage): void => {
      const { socket, statusCode = 0, headers } = response;
      const tls =
        socket instanceof TLSSocket
          ? `${socket.getProtocol() ?? ''} ${socket.getCipher().standardName}`
          : undefined;
      let sizeBytes = 0;
      response.on('data', (bytes: Buffer) => (sizeBytes += bytes.length));
      response.on('end', () => {
        resolve({ status: statusCode, sizeBytes, requestId: headers['x-request-id']?.toString(), tls });
      });
    };
    const request =
      mode === 'https'
        ? https.get({ ...target, ca: certificates.caText }, answered)
        : http.get(target, answered);
    request.on('error', reject);
  });
}
