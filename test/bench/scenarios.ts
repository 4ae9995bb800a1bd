/** The layer at which a peer runs: it is started anew for each. */
export type Mode = 'http' | 'tcp';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly mode: Mode;
  readonly path: '/small' | '/large';
  readonly connections: number;
  readonly headers: readonly string[];
}

/** What each backend answers to `/small` and `/large`. */
export const bodySizeBytes = { '/small': 128, '/large': 1024 * 1024 } as const;

export const scenarios: readonly Scenario[] = [
  {
    name: 'http-small',
    title: 'HTTP, keep-alive, small responses, 64 connections',
    mode: 'http',
    path: '/small',
    connections: 64,
    headers: [],
  },
  {
    name: 'http-large',
    title: 'HTTP, keep-alive, bodies of 1 MiB, 16 connections',
    mode: 'http',
    path: '/large',
    connections: 16,
    headers: [],
  },
  {
    name: 'http-connect',
    title: 'HTTP, a new connection for each request, 64 at a time',
    mode: 'http',
    path: '/small',
    connections: 64,
    headers: ['Connection: close'],
  },
  {
    name: 'tcp-small',
    title: 'TCP, small exchanges on 64 connections',
    mode: 'tcp',
    path: '/small',
    connections: 64,
    headers: [],
  },
  {
    name: 'tcp-bulk',
    title: 'TCP, bulk of 1 MiB, 16 connections',
    mode: 'tcp',
    path: '/large',
    connections: 16,
    headers: [],
  },
];
