import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { client } from '../peers/clients.ts';
import type { LabProxy } from '../labs/lab-proxy.ts';
import { labProxy } from '../labs/lab-proxy.ts';
import { ask } from '../labs/say-plugin.ts';
import type { ByteSocket } from '../sockets/byte-socket.ts';
import { eventually } from '../time/eventually.ts';

/**
 * A plugin that does in one worker alone what its options say, and what its clients say. Each chunk of a client is a command; the answer to
 * others is the number of the worker and the mark of the config. Where there is a file `no-worker` beside the config, no worker starts.
 */
export const ODD_PLUGIN = `
import { existsSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
const waiting = new Int32Array(new SharedArrayBuffer(4));
const worker = workerData?.index + 1;
/** The next answer to a question of that kind is the last thing that this worker does; or it ends before, or refuses instead. */
function spoil(kind, way) {
  const { port } = workerData;
  const send = port.postMessage.bind(port);
  let asked;
  port.on('message', ({ frame, id, ask }) => {
    if (frame === 'ask' && ask.kind === kind) asked = id;
  });
  port.postMessage = (message, transfer) => {
    if (message.frame !== 'answer' || message.id !== asked) return send(message, transfer);
    if (way === 'refuse') return send({ frame: 'refusal', id: asked, error: { kind: 'unknown', message: 'no', stack: '' } });
    if (way === 'after') send(message, transfer);
    process.reallyExit(7);
  };
}
/** When the worker is told that the config which it prepares goes live. */
function onceCommitted(then) {
  workerData.port.on('message', ({ frame, ask }) => {
    if (frame === 'ask' && ask.kind === 'commit') then();
  });
}
/** The event loop stands still until there is that file. */
function hold(file) { while (!existsSync(file)) Atomics.wait(waiting, 0, 0, 5); }
function block(ms) { for (const end = performance.now() + ms; performance.now() < end; ); }
class Odd {
  protocol = 'odd';
  active = 0;
  constructor(options, host) { this.options = options; this.host = host; }
  handle(connection) {
    const { transport: stream } = connection;
    this.active += 1;
    stream.read({
      data: (bytes, start, end) => {
        const text = bytes.latin1Slice(start, end);
        stream.writeText(connection.current.say(text));
        // The answer goes out at the end of the turn, and nothing else is heard in between.
        if (text.startsWith('hold ')) setImmediate(hold, text.slice(5));
      },
      end() { stream.end(); },
      drained() {},
      closed: () => { this.active -= 1; },
    });
    return { drain() { stream.end(); } };
  }
  say(text) {
    const [command, ms, way] = text.split(' ');
    if (command === 'spoil') spoil(ms, way);
    if (command === 'block') block(Number(ms));
    if (command === 'throw') setTimeout(() => { throw new Error('thrown in a timer'); });
    if (command === 'storm') setInterval(() => { throw new Error('thrown again and again'); }, 1);
    if (command === 'last-words') this.host.logger.info('last words');
    if (command === 'last-words' && ms !== undefined) block(Number(ms));
    if (command === 'die') {
      this.host.logger.info('last words');
      process.removeAllListeners('uncaughtException');
      setTimeout(() => { throw new Error('nobody catches it'); });
    }
    if (command === 'exit') setTimeout(() => process.reallyExit(7));
    return worker + ':' + (this.options.mark ?? '') + ';';
  }
  async close() {}
}
export default {
  apiVersion: 2,
  name: 'odd',
  provision(options, host) {
    if (existsSync(host.directory + '/no-worker')) process.reallyExit(7);
    if (options.fail_in?.includes(worker)) throw new Error('no, says ' + (options.alike ? 'the plugin' : worker));
    if (options.exit_in === worker) process.reallyExit(7);
    if (options.exit_after !== undefined) onceCommitted(() => setTimeout(() => process.reallyExit(7), options.exit_after));
    if (options.block_in === worker) block(options.block_ms);
    return new Odd(options, host);
  },
};
`;

/** A config with a listener that speaks odd, with these options in flow style. */
export function oddConfig(options: string, more = ''): string {
  return `
${more.includes('workers:') ? '' : 'workers: 2'}
listeners:
  - { name: one, listen: '127.0.0.1:0', mode: odd, options: { ${options} } }
upstreams: []
plugins: { directory: plugins }
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
${more}
`;
}

export async function oddProxy(options: string, more = ''): Promise<LabProxy> {
  return labProxy(oddConfig(options, more), { 'plugins/odd.mjs': ODD_PLUGIN });
}

/** The answers of all workers, by their numbers: each of them is asked on a new connection, to the first listener if none is named. */
export async function marks(
  proxy: LabProxy,
  workers = 2,
  listener?: string,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  await eventually(async () => {
    const socket = await client(proxy.address(listener));
    const [worker = '', mark = ''] = (await ask(socket, 'who')).replace(';', '').split(':');
    found[worker] = mark;
    return Object.keys(found).length === workers;
  }, 'each worker has answered');
  return found;
}

/** A connection at that worker, and none at others. */
export async function connectionAt(proxy: LabProxy, worker: number): Promise<ByteSocket> {
  // They stay open for as long as it looks: a worker with more connections than the other one rests.
  const others: ByteSocket[] = [];
  const found = await eventually(async () => {
    const socket = await client(proxy.address());
    if ((await ask(socket, 'who')).startsWith(`${worker}:`)) return socket;
    others.push(socket);
    return undefined;
  }, `worker ${worker} has accepted a connection`);
  for (const socket of others) socket.close();
  return found;
}

/** Blocks the worker of that connection. Resolves when it is blocked, with a function that resolves when it answers again. */
export async function hold(proxy: LabProxy, socket: ByteSocket): Promise<() => Promise<void>> {
  const file = join(proxy.directory, `free-${String(socket.socket.localPort)}`);
  await ask(socket, `hold ${file}`);
  return async () => {
    await writeFile(file, '');
    await ask(socket, 'who');
  };
}
