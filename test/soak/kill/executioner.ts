import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import type { ConnectionBook } from './connection-book.ts';
import type { End } from './reaper-plugin.ts';

/** Until a worker serves. */
const WORKER_LIMIT_MS = 50_000;
/** The breaks of a worker that has ended have reached its clients by then. */
const BREAK_MS = 400;
const PAGE = 1_000;

/** What the end of one worker did. */
export interface Execution {
  readonly worker: number;
  readonly end: End;
  /** Connections of that worker that broke. */
  readonly own: number;
  /** Connections that were opened while it ended: nobody knows whose they were. */
  readonly unknown: number;
  /** Connections of other workers that broke. There must be none. */
  readonly others: readonly string[];
}

/** Ends the worker that takes its connection. */
export async function execute(
  reaperPort: number,
  adminPort: number,
  book: ConnectionBook,
  end: End,
): Promise<Execution> {
  const reaper = connect({ port: reaperPort, host: '127.0.0.1' });
  reaper.on('error', () => undefined);
  const worker = Number(await firstLine(reaper));
  book.takeBreaks();
  const lookedAtMs = performance.now();
  const workerOf = await workersOfClients(adminPort);
  const over = once(reaper, 'close');
  reaper.write(`${end}\n`);
  await over;
  await new Promise((resolve) => setTimeout(resolve, BREAK_MS));
  let own = 0;
  let unknown = 0;
  const others: string[] = [];
  for (const { port, why, openedAtMs } of book.takeBreaks()) {
    const holder = openedAtMs <= lookedAtMs ? workerOf.get(port) : undefined;
    if (holder === worker) own += 1;
    else if (holder === undefined) unknown += 1;
    else others.push(`worker ${worker} ended by ${end}: a connection of worker ${holder} broke: ${why}`);
  }
  return { worker, end, own, unknown, others };
}

async function firstLine(socket: Socket): Promise<string> {
  const timer = setTimeout(() => socket.destroy(), WORKER_LIMIT_MS);
  try {
    const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(WORKER_LIMIT_MS) })) as [
      Buffer,
    ];
    return bytes.toString().trim();
  } finally {
    clearTimeout(timer);
  }
}

/** Which worker holds which client, by the client's port. */
async function workersOfClients(adminPort: number): Promise<Map<number, number>> {
  const workers = new Map<number, number>();
  for (let after = 0; ;) {
    const url = `http://127.0.0.1:${adminPort}/connections?limit=${PAGE}&after=${after}`;
    const { connections } = (await (await fetch(url)).json()) as {
      readonly connections: readonly { id: number; client: string; worker?: number }[];
    };
    for (const { id, client, worker } of connections) {
      after = Math.max(after, id);
      if (worker !== undefined) workers.set(Number(client.split(':').at(-1)), worker);
    }
    if (connections.length < PAGE) return workers;
  }
}
