import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { owned } from '../../support/owned.ts';
import { eventually } from '../../support/time/eventually.ts';
import { connectionAt, oddConfig, oddProxy } from '../../support/workers/odd-plugin.ts';
import { ThreadList } from '../../support/workers/thread-list.ts';

buildProgram();

const REQUESTS = 100_000;
const ROUNDS = 10;
const CLIENTS = 16;
const LINE_FEED = 10;

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'balance-worker-lines-'));
  owned({
    close: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  });
  return directory;
}

/** A listener that answers by itself, and writes access lines to that output. */
function answeringConfig(output: string, more = ''): string {
  return `
workers: 4
listeners:
  - { name: web, listen: '127.0.0.1:0', upstream: none, http: { redirect_https: { port: 8443 } } }
upstreams: [{ name: none, backends: [{ name: b, address: '127.0.0.1:1' }] }]
logging: { access_log: { enabled: true, format: json, output: '${output}', fields: [request_id, path, status, worker] } }
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
${more}
`;
}

/** Sends so many requests over many connections, each with a path of its own, and counts the answers. */
async function sendAll(proxy: LabProxy, requests: number, round = ''): Promise<number> {
  const each = requests / CLIENTS;
  const talk = async (name: number): Promise<number> => {
    let text = '';
    for (let index = 0; index < each; index++) {
      const last = index === each - 1 ? 'Connection: close\r\n' : '';
      text += `GET /${round}-${name}-${index} HTTP/1.1\r\nHost: a.test\r\n${last}\r\n`;
    }
    const [host = '', port] = proxy.address().split(':');
    const socket = connect(Number(port), host);
    socket.end(text);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('latin1').split('HTTP/1.1 3').length - 1;
  };
  const answers = await Promise.all(Array.from({ length: CLIENTS }, (_, name) => talk(name)));
  return answers.reduce((sum, count) => sum + count, 0);
}

describe('the access log of four workers', () => {
  it('has a whole line for each of 100,000 requests in a pipe, each with an id of its own', async () => {
    const pipe = join(folder(), 'access.pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'ignore'] });
    owned({ close: () => reader.kill() });
    const chunks: Buffer[] = [];
    let read = 0;
    reader.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      for (const byte of chunk) if (byte === LINE_FEED) read += 1;
    });
    const proxy = await labProxy(answeringConfig(pipe));
    // Clients and reader share a thread with the supervisor: what is logged must not outrun the reader by more than the buffers hold.
    for (let round = 1; round <= ROUNDS; round++) {
      expect(await sendAll(proxy, REQUESTS / ROUNDS, `${round}`)).toBe(REQUESTS / ROUNDS);
      await eventually(() => read === (round * REQUESTS) / ROUNDS, 'the lines of the round are read');
    }
    const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
    const parsed = lines.map((line) => JSON.parse(line) as Line);
    expect(parsed).toHaveLength(REQUESTS);
    expect(new Set(parsed.map(({ request_id: id }) => id)).size).toBe(REQUESTS);
    expect(new Set(parsed.map(({ path }) => path)).size).toBe(REQUESTS);
    expect(new Set(parsed.map(({ worker }) => worker))).toEqual(new Set([1, 2, 3, 4]));
    // The lines of one connection, which one worker has, are in the order of its requests.
    const ofFirst = parsed.filter(({ path }) => path.startsWith('/1-0-'));
    expect(ofFirst.map(({ path }) => path)).toEqual(ofFirst.map((_, index) => `/1-0-${index}`));
  });

  it('goes on in another file when that is moved away, and when an edit names another one', async () => {
    const directory = folder();
    const at = (name: string): string => join(directory, name);
    const proxy = await labProxy(answeringConfig(at('a.log')));
    await sendAll(proxy, 1_600);
    const lines = (name: string): number => readFileSync(at(name), 'utf8').split('\n').length - 1;
    await eventually(() => lines('a.log') === 1_600, 'the lines are there');
    renameSync(at('a.log'), at('a.log.1'));
    proxy.app.reopenLogs();
    await sendAll(proxy, 800);
    await eventually(() => lines('a.log') === 800, 'a new file has the next lines');
    const sending = sendAll(proxy, 8_000);
    await proxy.change(answeringConfig(at('b.log')));
    await sending;
    await sendAll(proxy, 160);
    await proxy.app.close();
    expect(lines('a.log.1')).toBe(1_600);
    expect(lines('a.log') + lines('b.log')).toBe(800 + 8_000 + 160);
    expect(lines('b.log')).toBeGreaterThanOrEqual(160);
  });
});

describe('the access log of a proxy that is destroyed', () => {
  it('has a line for each request that was answered', async () => {
    const file = join(folder(), 'access.log');
    const proxy = await labProxy(answeringConfig(file));
    expect(await sendAll(proxy, CLIENTS * 4)).toBe(CLIENTS * 4);
    // Most lines wait in the workers for more, for 100 ms.
    proxy.app.destroy();
    await proxy.app.close();
    expect(readFileSync(file, 'utf8').split('\n').length - 1).toBe(CLIENTS * 4);
  });
});

describe("the operator's log of workers", () => {
  it('names the worker of each line, and lacks nothing of a worker that ends', async () => {
    const proxy = await oddProxy('mark: a', 'logging: { level: debug }');
    const socket = await connectionAt(proxy, 2);
    socket.send('throw');
    expect(await proxy.untilLogged('thrown in a timer')).toContain('worker=2');
    const other = await connectionAt(proxy, 1);
    expect(await ask(other, 'who')).toBe('1:a;');
    await proxy.change(oddConfig('mark: b', 'logging: { level: debug }'));
    expect((await proxy.untilLogged('config reloaded')).includes('worker=')).toBe(false);
  });
});

describe('the last words of a worker', () => {
  it('reach the log when it throws what nobody catches', async () => {
    const proxy = await oddProxy('mark: a');
    (await connectionAt(proxy, 2)).send('die');
    const ended = await proxy.untilLogged('worker ended, another one takes its place');
    expect(ended).toContain('worker=2 reason=exception error="nobody catches it"');
    expect(await proxy.untilLogged('last words')).toContain('worker=2');
  });

  it('reach the log when its thread is ended at once', async () => {
    const threads = ThreadList.follow();
    const proxy = await oddProxy('mark: a');
    const socket = await connectionAt(proxy, 2);
    await ask(socket, 'last-words');
    await threads.serving[1]?.terminate();
    expect(await proxy.untilLogged('last words')).toContain('worker=2');
    expect(await proxy.untilLogged('worker ended')).toContain('worker=2');
  });

  it('reach the log when its event loop never turns again', async () => {
    const proxy = await oddProxy('mark: a', 'workers: { count: 2, hang_timeout: 1s, replace_hung: true }');
    (await connectionAt(proxy, 2)).send('last-words 600000');
    expect(await proxy.untilLogged('worker ended')).toContain('worker=2 reason=hung');
    expect(await proxy.untilLogged('last words')).toContain('worker=2');
  });
});

interface Line {
  readonly request_id: string;
  readonly path: string;
  readonly worker: number;
}
