import { once } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';

import { Application } from '../../support/applications/application.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

type Transport = 'polling' | 'websocket';

/** A client of socket.io, as far as these tests use it. */
interface ChatClient {
  readonly connected: boolean;
  readonly io: { readonly engine: NodeJS.EventEmitter & { readonly transport: { readonly name: string } } };
  on(event: string, listener: (...args: never[]) => void): void;
  emitWithAck(event: 'ask'): Promise<{ readonly node: string; readonly asked: number }>;
  timeout(ms: number): ChatClient;
  close(): void;
}

const { io } = createRequire(import.meta.url)('socket.io-client') as {
  readonly io: (url: string, options: object) => ChatClient & NodeJS.EventEmitter;
};

const CLIENTS = 12;
const QUESTIONS = 8;

const clients: ChatClient[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** Connects a client with cookies of its own. Rejects when it can't connect, or not stay connected until it may upgrade. */
async function connected(proxy: LabProxy, transports: readonly Transport[]) {
  const client = io(`http://${proxy.address()}`, {
    transports,
    withCredentials: true,
    reconnection: false,
    forceNew: true,
  });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.on('connect', resolve);
    client.on('connect_error', reject);
    client.on('disconnect', (reason: string) => {
      reject(new Error(`disconnected: ${reason}`));
    });
  });
  const { engine } = client.io;
  if (transports.includes('websocket') && engine.transport.name !== 'websocket')
    await once(engine, 'upgrade');
  return client;
}

function yaml(workers: number, applications: readonly Application[], more: string): string {
  const listed = applications.map(({ name, address }) => `  - { name: ${name}, address: "${address}" }\n`);
  return `
workers: ${String(workers)}
listen: "127.0.0.1:0"
reload: { watch: false }
backends:
${listed.join('')}${more}
`;
}

const STICKY = 'sticky: { secret: 0123456789abcdef }';

async function applications(): Promise<Application[]> {
  return Promise.all(['one', 'two'].map((name) => Application.start(name, 'socket-application.mjs')));
}

buildProgram();

describe.each([1, 2])('socket.io, with %i workers', (workers) => {
  it.each([{ transports: ['polling'] as const }, { transports: ['polling', 'websocket'] as const }])(
    'stays connected to one process by $transports, over an edit',
    async ({ transports }) => {
      const both = await applications();
      const proxy = await labProxy(yaml(workers, both, STICKY));
      const chats: ChatClient[] = [];
      for (let at = 0; at < CLIENTS; at++) chats.push(await connected(proxy, transports));
      const answers = chats.map((): { node: string; asked: number }[] => []);
      const askAll = (): Promise<unknown> =>
        Promise.all(
          chats.map(async (chat, at) => answers[at]!.push(await chat.timeout(20_000).emitWithAck('ask'))),
        );
      for (let time = 0; time < QUESTIONS; time++) {
        await askAll();
        if (time === QUESTIONS / 2)
          await proxy.change(yaml(workers, [...both].reverse(), `${STICKY}\nqueue: { max_size: 9 }`));
      }
      for (const each of answers)
        expect(each).toEqual(
          Array.from({ length: QUESTIONS }, (_, at) => ({ node: each[0]!.node, asked: at + 1 })),
        );
      expect(new Set(answers.map(([first]) => first!.node))).toEqual(new Set(['one', 'two']));
      expect(chats.map(({ io: { engine } }) => engine.transport.name)).toEqual(
        chats.map(() => transports.at(-1)),
      );
    },
  );

  it('can not connect by polling without the sticky cookie', async () => {
    const proxy = await labProxy(yaml(workers, await applications(), ''));
    const tries = await Promise.allSettled(Array.from({ length: 4 }, () => connected(proxy, ['polling'])));
    expect(tries.map(({ status }) => status)).toContain('rejected');
  });
});
