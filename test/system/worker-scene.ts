import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PROGRAM } from '../support/labs/built-program.ts';
import { ask } from '../support/labs/say-plugin.ts';
import { owned } from '../support/owned.ts';
import { client } from '../support/peers/clients.ts';
import type { ByteSocket } from '../support/sockets/byte-socket.ts';
import { eventually } from '../support/time/eventually.ts';
import { writeInto } from '../support/write-into.ts';
import type { AlertScene } from './alert-scenes.ts';

const WORKERS = 5;
/** Above what the alert allows. */
const LATE_MS = 300;
/** By their numbers: what becomes of each worker. */
const BUSY = 1;
const HUNG = 4;
const ENDING = [2, 3, 5];
/** So many connections for each worker. Those of workers that end are gone. */
const CROWD = 80;

/** A client says what the worker is to do; the answer is its number. With `late`, the second worker is busy while an edit goes live. */
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
    const end = performance.now() + 3_000;
    if (options.late > 0 && worker === 2)
      setTimeout(function late() { block(700); if (performance.now() < end) setTimeout(late, 30); });
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
  readonly last_reload: { readonly generation: number; readonly skew_ms: number };
}

/** One in a process of its own, with five workers that have troubles of all kinds, and with an upgrade that fails. Needs the built program. */
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
  await writeInto(folder, { 'odd.mjs': ODD, 'balance.yaml': config('late: 0') });
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
      // Whether the second worker is busy just when it is told to swap is a matter of luck.
      for (let edit = 1, skewMs = 0; skewMs < LATE_MS && edit < 20; edit += 1) {
        await writeFile(file, config(`late: ${String(edit)}`));
        child.kill('SIGHUP');
        const reload = await eventually(async () => {
          const { last_reload: last } = await status();
          return last.generation === edit + 1 ? last : undefined;
        }, 'the edit is live');
        skewMs = reload.skew_ms;
      }
      child.kill('SIGUSR2');
      const crowds = await crowdsOf(address);
      const say = (worker: number, command: string): void => crowds.get(worker)?.[0]?.send(command);
      say(BUSY, 'work');
      say(HUNG, 'hang');
      for (const worker of ENDING) say(worker, 'end');
      await eventually(async () => (await status()).workers_crashing, 'three workers have ended');
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
