/**
 * How a peer runs: it is started anew for each. `http` and `tcp` are the layer, without TLS; `https` is HTTP with TLS to the clients,
 * `backend-tls` is HTTP with TLS to the backend.
 */
export type Mode = 'http' | 'tcp' | 'https' | 'backend-tls';

export const MODES: readonly Mode[] = ['http', 'tcp', 'https', 'backend-tls'];

/** Whether a peer reads HTTP in that mode. */
export function isHttp(mode: Mode): boolean {
  return mode !== 'tcp';
}

/**
 * How a scenario is measured: as fast as it goes, at a rate that leaves room, by the memory of idle connections, by the memory of workers,
 * or by the waits of clients that come while others keep the proxy busy. `resumed` is `full` with a new connection for each request that resumes a TLS session.
 */
export type ScenarioKind = 'full' | 'paced' | 'idle' | 'memory' | 'newcomers' | 'resumed';

export interface Scenario {
  readonly name: string;
  readonly kind: ScenarioKind;
  readonly title: string;
  readonly mode: Mode;
  readonly path: '/small' | '/large';
  readonly connections: number;
  readonly headers: readonly string[];
  /** The rate to hold, for `full`. Default: as fast as it goes. */
  readonly requestsPerSecond?: number;
}

/** Sizes of the answers to `/small` and `/large`. */
export const bodySizeBytes = { '/small': 128, '/large': 1024 * 1024 } as const;

/** Measures the cost of telemetry. */
export const telemetryScenario: Scenario = {
  name: 'telemetry',
  kind: 'full',
  title: 'The cost of metrics, access log and traces: HTTP, keep-alive, small responses, 64 connections',
  mode: 'http',
  path: '/small',
  connections: 64,
  headers: [],
};

/** Measures the cost of what keeps failing backends from clients, while none fails. */
export const resilienceScenario: Scenario = {
  name: 'resilience',
  kind: 'full',
  title:
    'The cost of breakers, retries and passive checks: HTTP, keep-alive, small responses, 64 connections',
  mode: 'http',
  path: '/small',
  connections: 64,
  headers: [],
};

/** Measures what a further worker takes. */
export const memoryScenario: Scenario = {
  name: 'worker-memory',
  kind: 'memory',
  title: 'The memory of a further worker, after HTTP, keep-alive, small responses, 64 connections',
  mode: 'http',
  path: '/small',
  connections: 64,
  headers: [],
};

/** What one worker is not asked for. */
export const workerScenarios: readonly Scenario[] = [
  {
    name: 'http-10000',
    kind: 'full',
    title: 'HTTP, 10,000 keep-alive connections that ask every two seconds',
    mode: 'http',
    path: '/small',
    connections: 10_000,
    headers: [],
    requestsPerSecond: 5_000,
  },
  {
    name: 'http-idle-50000',
    kind: 'idle',
    title: 'HTTP, 50,000 idle keep-alive connections',
    mode: 'http',
    path: '/small',
    connections: 50_000,
    headers: [],
  },
];

export const scenarios: readonly Scenario[] = [
  {
    name: 'http-small',
    kind: 'full',
    title: 'HTTP, keep-alive, small responses, 64 connections',
    mode: 'http',
    path: '/small',
    connections: 64,
    headers: [],
  },
  {
    name: 'http-large',
    kind: 'full',
    title: 'HTTP, keep-alive, bodies of 1 MiB, 16 connections',
    mode: 'http',
    path: '/large',
    connections: 16,
    headers: [],
  },
  {
    name: 'http-connect',
    kind: 'full',
    title: 'HTTP, a new connection for each request, 64 at a time',
    mode: 'http',
    path: '/small',
    connections: 64,
    headers: ['Connection: close'],
  },
  {
    name: 'http-paced',
    kind: 'paced',
    title: "HTTP, keep-alive, small responses at 70 % of nginx's peak rate, 128 connections",
    mode: 'http',
    path: '/small',
    connections: 128,
    headers: [],
  },
  {
    name: 'http-1000',
    kind: 'full',
    title: 'HTTP, keep-alive, small responses, 1,000 connections',
    mode: 'http',
    path: '/small',
    connections: 1_000,
    headers: [],
  },
  {
    name: 'http-4000',
    kind: 'full',
    title: 'HTTP, keep-alive, small responses, 4,000 connections',
    mode: 'http',
    path: '/small',
    connections: 4_000,
    headers: [],
  },
  {
    name: 'http-newcomers',
    kind: 'newcomers',
    title: 'HTTP, 200 newcomers at once beside 800 busy keep-alive connections',
    mode: 'http',
    path: '/small',
    connections: 800,
    headers: [],
  },
  {
    name: 'http-idle',
    kind: 'idle',
    title: 'HTTP, 10,000 idle keep-alive connections',
    mode: 'http',
    path: '/small',
    connections: 10_000,
    headers: [],
  },
  {
    name: 'tcp-small',
    kind: 'full',
    title: 'TCP, small exchanges on 64 connections',
    mode: 'tcp',
    path: '/small',
    connections: 64,
    headers: [],
  },
  {
    name: 'tcp-bulk',
    kind: 'full',
    title: 'TCP, bulk of 1 MiB, 16 connections',
    mode: 'tcp',
    path: '/large',
    connections: 16,
    headers: [],
  },
  {
    name: 'https-small',
    kind: 'full',
    title: 'HTTPS, keep-alive, small responses, 64 connections',
    mode: 'https',
    path: '/small',
    connections: 64,
    headers: [],
  },
  {
    name: 'https-large',
    kind: 'full',
    title: 'HTTPS, keep-alive, bodies of 1 MiB, 16 connections',
    mode: 'https',
    path: '/large',
    connections: 16,
    headers: [],
  },
  {
    name: 'tls-handshake',
    kind: 'full',
    title: 'HTTPS, a new connection with a full handshake for each request, 64 at a time',
    mode: 'https',
    path: '/small',
    connections: 64,
    headers: ['Connection: close'],
  },
  {
    name: 'tls-resumed',
    kind: 'resumed',
    title: 'HTTPS, a new connection with a resumed session for each request, 32 at a time',
    mode: 'https',
    path: '/small',
    connections: 32,
    headers: [],
  },
  {
    name: 'https-idle',
    kind: 'idle',
    title: 'HTTPS, 4,000 idle keep-alive connections',
    mode: 'https',
    path: '/small',
    connections: 4_000,
    headers: [],
  },
  {
    name: 'backend-tls',
    kind: 'full',
    title: 'HTTP with TLS to the backend, keep-alive, small responses, 64 connections',
    mode: 'backend-tls',
    path: '/small',
    connections: 64,
    headers: [],
  },
  {
    name: 'backend-tls-large',
    kind: 'full',
    title: 'HTTP with TLS to the backend, keep-alive, bodies of 1 MiB, 16 connections',
    mode: 'backend-tls',
    path: '/large',
    connections: 16,
    headers: [],
  },
];
