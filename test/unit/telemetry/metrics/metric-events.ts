import { ERROR_CODES, type ErrorCode } from '../../../../src/errors.ts';
import type { Backend } from '../../../../src/plugin-api/backend.ts';
import type { ExchangeRecord } from '../../../../src/plugin-api/telemetry.ts';
import type { TraceContext } from '../../../../src/plugin-api/tracing.ts';
import type { QueueOutcome } from '../../../../src/readings/upstreams/upstream.ts';
import type { TelemetrySubscriber } from '../../../../src/telemetry/telemetry.ts';
import type { SeededRandom } from '../../../support/seeded-random.ts';
import { backendNamed, exchangeRecord, handshakeRecord, tunnelRecord } from '../records.ts';
import { backendReading, listenerReading, MetricsLab } from './metrics-lab.ts';

/** One event that metrics count. */
export type MetricEvent = (counters: Required<Omit<TelemetrySubscriber, 'detailed' | 'tracer'>>) => void;

const BACKENDS: readonly Backend[] = ['a', 'b', 'c"d', 'gone'].map((name, index) =>
  backendNamed(name, index),
);
const LISTENERS = ['web', 'api', 'gone'];
const UPSTREAMS = ['main', 'db', 'gone'];
const METHODS = ['GET', 'HEAD', 'POST', 'BREW'];
const STATUSES = [0, 101, 200, 204, 304, 404, 477, 499, 500, 502, 777];
const ERRORS = ['connect_failed', 'client_gone', 'backend_timeout', 'made_up'] as ErrorCode[];
const RULES = ['host', 'te', 'length'];

/** A proxy with two of each thing; the events name further ones, which are not there any more. */
export function eventfulLab(): MetricsLab {
  const lab = new MetricsLab({
    queues: () => [
      { upstream: 'main', waiting: 2 },
      { upstream: 'db', waiting: 0 },
    ],
    upstreams: () => [
      {
        upstream: 'main',
        servesRequests: true,
        panics: true,
        members: [
          {
            backend: 'a',
            weight: 1,
            effectiveWeight: 1,
            state: 'ejected',
            isEjected: true,
            breaker: 'recovering',
          },
          {
            backend: 'b',
            weight: 3,
            effectiveWeight: 3,
            state: 'half-open',
            isEjected: false,
            breaker: 'half-open',
          },
        ],
      },
    ],
    routes: () =>
      new Map([
        ['web', new Set(['files', 'users', 'default'])],
        ['api', undefined],
      ]),
    tunnels: () => [
      { listener: 'api', backend: 'a', active: 1, total: 4, bytesReceived: 10, bytesSent: 2 ** 40 },
    ],
    shortages: () => ({ accept: 3 }),
  });
  for (const backend of BACKENDS.slice(0, 3)) lab.backends.push(backendReading(backend, { bytesSent: 7 }));
  for (const name of LISTENERS.slice(0, 2)) lab.listeners.push(listenerReading(name, { accepted: 5 }));
  return lab;
}

/** Events of all kinds. Their durations are multiples of 1/32 s, so that their sum does not depend on their order. */
export function randomEvents(random: SeededRandom, number: number): MetricEvent[] {
  const kinds = [exchange, exchange, exchange, tunnel, healthCheck, queue, handshake];
  return Array.from({ length: number }, () => random.pick(kinds)(random));
}

function exchange(random: SeededRandom): MetricEvent {
  const failed = random.next() < 0.2;
  const changes: Partial<ExchangeRecord> = {
    ...placeOf(random),
    route: random.pick(['', 'files', 'users', 'removed']),
    method: random.pick(METHODS),
    status: random.pick(STATUSES),
    error: failed ? random.pick(ERRORS) : undefined,
    trace: random.next() < 0.5 ? traceOf(random) : undefined,
  };
  const side = random.pick(['request', 'response'] as const);
  const refusal = { side, rule: random.pick(RULES), field: '', excerpt: '' };
  const record = exchangeRecord(failed ? { ...changes, refusal } : changes);
  return (counters) => counters.exchange(record);
}

function tunnel(random: SeededRandom): MetricEvent {
  const error = random.pick([undefined, undefined, ...ERROR_CODES]);
  const record = tunnelRecord({ ...placeOf(random), error, connected: random.next() < 0.9 });
  return (counters) => counters.tunnel(record);
}

function healthCheck(random: SeededRandom): MetricEvent {
  const backend = random.pick(BACKENDS).name;
  const record = {
    upstream: backend === 'gone' ? 'gone' : 'main',
    backend,
    passed: random.next() < 0.7,
    durationMs: durationOf(random),
  };
  return (counters) => counters.healthCheck(record);
}

function queue(random: SeededRandom): MetricEvent {
  const outcome = random.pick<QueueOutcome>(['served', 'timeout', 'pool_timeout', 'left', 'refused']);
  const record = { upstream: random.pick(UPSTREAMS), outcome, waitedMs: durationOf(random) };
  return (counters) => counters.queue(record);
}

function handshake(random: SeededRandom): MetricEvent {
  const [side, owners] = random.pick([
    ['client', LISTENERS],
    ['backend', UPSTREAMS],
    ['check', BACKENDS.map(({ name }) => name)],
    ['admin', ['admin server']],
  ] as const);
  const place = { side, owner: random.pick<string>(owners), durationMs: durationOf(random) };
  const record =
    random.next() < 0.6
      ? handshakeRecord({
          ...place,
          version: random.pick(['TLSv1.2', 'TLSv1.3']),
          resumed: random.next() < 0.5,
        })
      : handshakeRecord({
          ...place,
          status: random.pick(['failed', 'timeout', 'refused', 'aborted'] as const),
          reason: random.pick(['not_tls', 'unknown_name', 'made_up']),
        });
  return (counters) => counters.handshake(record);
}

function placeOf(random: SeededRandom) {
  return {
    listener: random.pick(LISTENERS),
    upstream: random.pick(['', ...UPSTREAMS]),
    backend: random.pick([undefined, ...BACKENDS]),
    durationMs: durationOf(random),
  };
}

function durationOf(random: SeededRandom): number {
  return random.pick([0, 1, 2, 7, 40, 900]) * 31.25;
}

function traceOf(random: SeededRandom): TraceContext {
  const spanId = random.bytes(8).toString('hex');
  return {
    sampled: random.next() < 0.5,
    traceId: random.bytes(16).toString('hex'),
    spanId,
    lines: '',
    fields: { w3c: true, b3: false, jaeger: false },
    continued: false,
    phases: undefined,
    trySpanId: spanId,
    nextTry: () => {},
    resumeTry: () => {},
  };
}
