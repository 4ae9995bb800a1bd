import { connect, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';

import { formatAddress, type Address } from '../../../src/config/values/address.ts';
import { systemCodeOf } from '../../../src/errors.ts';
import type { Acceptor, OpenedSocket } from '../../../src/net/listen/sockets/socket-opener.ts';
import { DescriptorHub } from '../../../src/net/node/descriptors/descriptor-hub.ts';
import { DescriptorInbox } from '../../../src/net/node/descriptors/descriptor-inbox.ts';
import { socketWithHandle, type Handle } from '../../../src/net/node/node-internals.ts';
import type { GrantedSocket } from '../../../src/net/share/granted-socket.ts';
import { SharedSockets } from '../../../src/net/share/shared-sockets.ts';
import type { Wakes } from '../../../src/shared/wakes.ts';

/** Sends descriptors; a need of a worker is answered by `need`. */
export class ShareLab {
  readonly hub = new DescriptorHub();
  readonly workers: LabWorker[] = [];
  /** Called when a worker needs descriptors. */
  need: (worker: number, socket: number, count: number) => void = () => undefined;

  constructor() {
    onTestFinished(() => {
      for (const worker of this.workers) worker.end();
      this.hub.close();
    });
  }

  /** A worker with that index; a second one with the same index replaces the first. */
  async join(index: number): Promise<LabWorker> {
    const worker = new LabWorker(this, index);
    this.workers[index] = worker;
    worker.inbox = await DescriptorInbox.join(this.hub.invite(index), (socket, handle) => {
      worker.sockets.taken(socket, handle);
    });
    return worker;
  }
}

/** What a worker has of sockets, in the thread of the test. It answers each client with its number, and keeps the connection. */
export class LabWorker implements Acceptor, Wakes {
  readonly index: number;
  readonly sockets: SharedSockets;
  readonly opened = new Map<string, OpenedSocket>();
  inbox: DescriptorInbox | undefined;
  /** How many connections it has. */
  open = 0;
  /** A worker that is blocked answers nothing. */
  isBlocked = false;
  readonly #lab: ShareLab;
  readonly #clients = new Set<Socket>();
  readonly #looks = new Map<number, () => void>();
  #listening: OpenedSocket | undefined;

  constructor(lab: ShareLab, index: number) {
    this.#lab = lab;
    this.index = index;
    this.sockets = new SharedSockets({
      worker: index,
      wakes: this,
      need: (socket, count) => {
        lab.need(index, socket, count);
      },
    });
  }

  get number(): number {
    return this.index + 1;
  }

  /** Begins to listen on a socket that it is granted. */
  async listen(granted: GrantedSocket, name = 'web'): Promise<OpenedSocket> {
    this.sockets.grant([granted]);
    const socket = this.sockets.open({ address: granted.address }, this);
    this.opened.set(formatAddress(granted.bound), socket);
    this.#listening = socket;
    await socket.listen(name);
    return socket;
  }

  acceptHandle(handle: Handle): void {
    const socket = this.#listening;
    socket?.noteAccept();
    this.open += 1;
    const client = socketWithHandle(handle);
    this.#clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => {
      this.#clients.delete(client);
      this.open -= 1;
      socket?.noteEnd();
    });
    client.on('end', () => client.end());
    client.resume().write(`worker ${this.number}`);
  }

  acceptSocket(): void {
    throw new Error('handles are known');
  }

  acceptFailed(error: Error): void {
    throw error;
  }

  wake(worker: number, topic: number): void {
    setImmediate(() => {
      this.#lab.workers[worker]?.woken(topic);
    });
  }

  on(topic: number, look: () => void): () => void {
    this.#looks.set(topic, look);
    return () => this.#looks.delete(topic);
  }

  woken(topic: number): void {
    this.#looks.get(topic)?.();
  }

  /** As its thread ends: nothing of it is left. */
  end(): void {
    for (const socket of this.opened.values()) void socket.close();
    this.opened.clear();
    for (const client of this.#clients) client.destroy();
    this.inbox?.destroy();
  }
}

/** Who answers at that address: `worker 1`, or the code of the error. The connection stays open until the test ends. */
export function visit(address: Address): Promise<string> {
  const client =
    address.kind === 'unix' ? connect(address.path) : connect({ port: address.port, host: '127.0.0.1' });
  onTestFinished(() => {
    client.destroy();
  });
  return new Promise((resolve) => {
    client.once('data', (bytes: Buffer) => {
      resolve(bytes.toString());
    });
    client.once('error', (error) => {
      resolve(systemCodeOf(error));
    });
  });
}

/** Who answers `count` clients, one after the other. */
export async function visits(address: Address, count: number): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (let client = 0; client < count; client += 1) {
    const answer = await visit(address);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  expect([...answers.values()].reduce((sum, more) => sum + more, 0)).toBe(count);
  return answers;
}
