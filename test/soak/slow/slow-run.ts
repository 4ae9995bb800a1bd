import { Agent, request as httpRequest } from 'node:http';

import { ProxyProcess } from '../../fuzz/proxy-process.ts';
import { rest } from '../traffic.ts';
import { SlowBackend } from './slow-backend.ts';

const BACKENDS = 3;
const WORK_MS = 10;
const TICK_MS = 20;

export interface SlowOptions {
  readonly rate: number;
  /** Requests that a backend works on at a time. */
  readonly places: number;
  readonly slowSeconds: number;
  /** Lines of `resilience`. */
  readonly resilience: string;
  /** `max_connections` of each backend, with a queue of 1 s. 0: no limit, and no queue. */
  readonly limit: number;
  /** A client that has no answer by then leaves. */
  readonly patienceMs: number;
}

/** Requests of one second. */
export interface Second {
  asked: number;
  /** Answered with 200 while the client waited. */
  useful: number;
  /** Answered with 503 at once. */
  refused: number;
}

const BEFORE_SECONDS = 5;
const AFTER_SECONDS = 15;

/** Sends requests at a steady rate, whatever becomes of them, while all backends are ten times slower for a while. One row a second. */
export async function slowRun(options: SlowOptions): Promise<readonly Second[]> {
  const backends = await Promise.all(
    Array.from({ length: BACKENDS }, () => SlowBackend.start(options.places, WORK_MS)),
  );
  const proxy = await ProxyProcess.start(config(backends, options), 1);
  const agent = new Agent({ keepAlive: true });
  const seconds: Second[] = [];
  try {
    const total = BEFORE_SECONDS + options.slowSeconds + AFTER_SECONDS;
    const beganAtMs = performance.now();
    let sent = 0;
    for (let at = 0; at < total; at = (performance.now() - beganAtMs) / 1_000) {
      const isSlow = at >= BEFORE_SECONDS && at < BEFORE_SECONDS + options.slowSeconds;
      for (const backend of backends) backend.workMs = isSlow ? WORK_MS * 10 : WORK_MS;
      const second = (seconds[Math.floor(at)] ??= { asked: 0, useful: 0, refused: 0 });
      for (; sent < at * options.rate; sent += 1) ask(proxy.port('web'), agent, options.patienceMs, second);
      await rest(TICK_MS);
    }
    await rest(options.patienceMs);
    return seconds;
  } finally {
    agent.destroy();
    await proxy.stop();
    for (const backend of backends) backend.close();
  }
}

/** Counts in the second in which the request was sent. */
function ask(port: number, agent: Agent, patienceMs: number, second: Second): void {
  second.asked += 1;
  const outgoing = httpRequest({ agent, host: '127.0.0.1', port });
  const patience = setTimeout(() => outgoing.destroy(), patienceMs);
  outgoing.on('error', () => {
    clearTimeout(patience);
  });
  outgoing.on('response', (response) => {
    response.on('error', () => undefined).resume();
    response.on('end', () => {
      clearTimeout(patience);
      if (response.statusCode === 200) second.useful += 1;
      else if (response.statusCode === 503) second.refused += 1;
    });
  });
  outgoing.end();
}

/** What the backends can do a second while they are slow. */
export function slowCapacity({ places }: SlowOptions): number {
  return (BACKENDS * places * 1_000) / (WORK_MS * 10);
}

/** The seconds in which the backends are slow, and those after. */
export function phases(
  seconds: readonly Second[],
  { slowSeconds }: SlowOptions,
): { readonly slow: readonly Second[]; readonly after: readonly Second[] } {
  const end = BEFORE_SECONDS + slowSeconds;
  return { slow: seconds.slice(BEFORE_SECONDS, end), after: seconds.slice(end) };
}

function config(backends: readonly SlowBackend[], { resilience, limit }: SlowOptions): string {
  const most = limit > 0 ? `, max_connections: ${String(limit)}` : '';
  return `listeners: [{ name: web, listen: '127.0.0.1:0', http: {}, upstream: web }]
upstreams:
  - name: web
    backends:
${backends.map(({ port }, at) => `      - { name: b${String(at)}, address: '127.0.0.1:${String(port)}'${most} }`).join('\n')}
    queue: { timeout: 1s }
    resilience: { ${resilience} }
admin: { listen: '127.0.0.1:0' }
logging: { level: info, format: json, access_log: false }
reload: { watch: false }
`;
}
