import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { PROGRAM } from '../support/labs/built-program.ts';
import { ask } from '../support/labs/say-plugin.ts';
import { owned } from '../support/owned.ts';
import { client } from '../support/peers/clients.ts';
import type { ByteSocket } from '../support/sockets/byte-socket.ts';
import { eventually } from '../support/time/eventually.ts';
import { writeInto } from '../support/write-into.ts';
import type { AlertScene } from './alert-scenes.ts';

const WORKERS = 4;
/** By their numbers: what becomes of each worker. */
const BUSY = 1;
const HUNG = 4;
/** So many connections for each worker. Those of all but one end. */
const CROWD = 60;

/** A client says what the worker is to do; the answer is its number. With `late`, the second worker commits edits late. */
const ODD = `
import { workerData } from 'node:worker_threads';
const worker = workerData?.index + 1;
const block = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
function act(command) {
  if (command === 'hang') setTimeout(() => block(600_000));
  if (command === 'work') setTimeout(function work() { block(60); setTimeout(work); });
  if (command === 'end') setTimeout(() => process.reallyExit(7));
}
export default {
  apiVersion: 2,
  name: 'odd',
  provision(options) {
    if (options.late && worker === 2) setTimeout(() => block(600), 50);
    return {
      protocol: 'odd',
      active: 0,
      handle({ transport: stream }) {
        const data = (bytes, start, end) => { stream.writeText(worker + ';'); act(bytes.latin1Slice(start, end)); };
        stream.read({ data, end() { stream.end(); }, drained() {}, closed() {} });
        return { drain() { stream.end(); } };
      },
      close: () => Promise.resolve(),
    };
  },
};`;

interface Status {
  readonly workers_crashing: boolean;
  readonly last_reload: { readonly generation: number };
}

/** One in a process of its own, with four workers of which each has another trouble, and with an upgrade that fails. Needs the built program. */
export async function working(): Promise<AlertScene> {
  const folder = await mkdtemp(join(tmpdir(), 'balance-working-'));
  const file = join(folder, 'balance.yaml');
  const config = (options: string): string => `
workers: { count: ${String(WORKERS)}, hang_timeout: 2s }
listeners: [{ name: odd, address: '127.0.0.1:0', mode: odd, options: { ${options} } }]
upstreams: []
plugins: { directory: '.' }
reload: { watch: false }
upgrade: { command: ['false'] }
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
logging: { format: json }
`;
  await writeInto(folder, { 'odd.mjs': ODD, 'balance.yaml': config('late: false') });
  const child = spawn(process.execPath, [PROGRAM, 'run', '--config', file]);
  owned({
    close: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true });
    },
  });
  let log = '';
  child.stdout.on('data', (text: Buffer) => (log += String(text)));
  const addressOf = async (message: string): Promise<string> => {
    const isIt = (line: string): boolean => line.includes(`"message":"${message}"`);
    const line = await eventually(
      () => log.split('\n').find(isIt),
      () => `${message} in ${log}`,
    );
    return (JSON.parse(line) as { address: string }).address;
  };
  const address = await addressOf('listening');
  // Both have one server.
  const target = await addressOf('admin listening');
  const status = async (): Promise<Status> =>
    (await (await fetch(`http://${target}/status`)).json()) as Status;
  return {
    target,
    begin: async () => {
      await writeFile(file, config('late: true'));
      child.kill('SIGHUP');
      await eventually(async () => (await status()).last_reload.generation === 2, 'the edit is live');
      child.kill('SIGUSR2');
      const crowds = await crowdsOf(address);
      for (const [worker, crowd] of crowds) if (worker !== BUSY) for (const socket of crowd) socket.close();
      crowds.get(BUSY)?.[0]?.send('work');
      (await at(address, (worker) => worker === HUNG)).send('hang');
      await eventually(async () => {
        (await at(address, (worker) => worker !== BUSY && worker !== HUNG)).send('end');
        return (await status()).workers_crashing;
      }, 'workers end again and again');
    },
  };
}

/** Connections at each worker, as many as the crowd. */
async function crowdsOf(address: string): Promise<ReadonlyMap<number, readonly ByteSocket[]>> {
  const crowds = new Map<number, ByteSocket[]>();
  for (let count = 0; count < WORKERS * CROWD; count += 1) {
    const socket = await client(address);
    const worker = Number.parseInt(await ask(socket, 'who'), 10);
    const crowd = crowds.get(worker) ?? [];
    crowd.push(socket);
    crowds.set(worker, crowd);
  }
  return crowds;
}

/** A connection at a worker of that kind. One that is accepted by a worker that then ends or hangs gets no answer, and is left. */
async function at(address: string, isWanted: (worker: number) => boolean): Promise<ByteSocket> {
  const others: ByteSocket[] = [];
  const found = await eventually(async () => {
    const socket = await client(address);
    const worker = await workerOf(socket);
    if (worker !== undefined && isWanted(worker)) return socket;
    others.push(socket);
    return undefined;
  }, 'such a worker has accepted');
  for (const socket of others) socket.close();
  return found;
}

async function workerOf(socket: ByteSocket): Promise<number | undefined> {
  socket.send('who');
  for (let looks = 0; looks < 50 && !socket.closed; looks += 1) {
    if (socket.text !== '') return Number.parseInt(socket.text, 10);
    await pause(20);
  }
  return undefined;
}
