import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { Listener } from '../../../../../src/config/schema/config.generated.ts';
import { formatAddress, parseAddress, type Address } from '../../../../../src/config/values/address.ts';
import { BalanceError } from '../../../../../src/errors.ts';
import type { SocketInheritance } from '../../../../../src/net/listen/bind/socket-inheritance.ts';
import { bindHandle } from '../../../../../src/net/node/descriptors/bound-handle.ts';
import type { GrantedSocket } from '../../../../../src/net/share/granted-socket.ts';
import { ShareWords } from '../../../../../src/net/share/share-words.ts';
import {
  SocketBroker,
  type SocketPeer,
} from '../../../../../src/runtime/supervisor/sockets/socket-broker.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';
import { ShareLab, visit, visits, type LabWorker } from '../../../../support/workers/share-lab.ts';

type Question = Parameters<SocketPeer['ask']>[0];

function listener(name: string, address: string, more: Partial<Listener> = {}): Listener {
  return { name, address, ...more } as Listener;
}

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'balance-broker-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return join(folder, 'socket');
}

/** A broker with workers in the thread of the test. */
class BrokerLab {
  readonly share = new ShareLab();
  readonly logger = new RecordingLogger();
  readonly broker: SocketBroker;
  readonly peers: SocketPeer[] = [];
  /** What workers were given when they were asked to bind, in that order. */
  readonly granted: GrantedSocket[] = [];
  /** Rejects what workers are asked, while it is set. */
  fault: ((index: number, kind: string) => Error | undefined) | undefined;
  #generation = 0;

  constructor(inheritance?: SocketInheritance) {
    this.broker = new SocketBroker({
      workers: 2,
      logger: this.logger,
      hub: this.share.hub,
      bindAddresses: (address) => Promise.resolve([address]),
      inheritance,
    });
    this.share.need = (worker, socket, count) => {
      this.broker.need(worker, socket, count);
    };
    onTestFinished(() => {
      this.broker.close(false);
    });
  }

  async start(workers = 2): Promise<void> {
    for (let index = 0; index < workers; index += 1) this.peers[index] = await this.peer(index);
  }

  async peer(index: number): Promise<SocketPeer> {
    const worker = await this.share.join(index);
    const ask = async (question: Question): Promise<undefined> => {
      const fault = this.fault?.(index, question.kind);
      if (fault !== undefined) throw fault;
      if (question.kind === 'bind') this.granted.push(...question.sockets);
      await answer(worker, question);
      return undefined;
    };
    return { index, number: index + 1, ask: ask as SocketPeer['ask'] };
  }

  /** An edit after which there are these listeners. Returns the addresses that were put off. */
  async prepare(listeners: Listener[]): Promise<readonly Address[]> {
    this.#generation += 1;
    this.broker.plan(this.#generation, { listeners }, this.peers);
    return this.broker.bind(this.#generation, this.broker.leaving(this.#generation));
  }

  commit(): void {
    this.broker.commit(this.#generation, Promise.resolve());
  }

  get id(): number {
    return this.#generation;
  }

  /** Where a listener listens. */
  at(name: string): Address {
    return parseAddress(this.broker.addresses().get(name) ?? '');
  }
}

/** What a worker does when it is asked, as far as sockets are concerned. */
async function answer(worker: LabWorker, question: Question): Promise<void> {
  const socketAt = (address: Address) => worker.opened.get(formatAddress(address));
  const begin = (granted: GrantedSocket) => worker.listen(granted, granted.key.split(' ')[0]);
  switch (question.kind) {
    case 'bind':
      for (const granted of question.sockets) await begin(granted);
      break;
    case 'listen':
      await begin(question.socket);
      break;
    case 'suspend':
      await socketAt(question.address)?.suspend();
      break;
    case 'resume':
      await socketAt(question.address)?.resume();
      break;
    default:
  }
}

describe.runIf(process.platform === 'linux')('the broker of sockets', () => {
  it('has all workers accept from what it binds, and closes what an edit removes', async () => {
    const lab = new BrokerLab();
    await lab.start();
    expect(await lab.prepare([listener('web', '127.0.0.1:0')])).toEqual([]);
    lab.commit();
    const at = lab.at('web');
    const answers = await visits(at, 40);
    expect([...answers.keys()].sort()).toEqual(['worker 1', 'worker 2']);
    await lab.prepare([]);
    lab.commit();
    for (const worker of lab.share.workers) await worker.opened.get(formatAddress(at))?.close();
    expect(await visit(at)).toBe('ECONNREFUSED');
    expect(lab.broker.addresses().size).toBe(0);
  });

  it('says who has an address: another process, or a listener that stays', async () => {
    const lab = new BrokerLab();
    await lab.start(1);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await expect(lab.prepare([listener('web', `127.0.0.1:${port}`)])).rejects.toThrow(
      `listener web can't bind 127.0.0.1:${port}: the address is in use`,
    );
    lab.broker.abort(lab.id, Promise.resolve());
    await lab.prepare([listener('all', ':0')]);
    lab.commit();
    const own = (lab.at('all') as AddressInfo & Address).port;
    await expect(lab.prepare([listener('all', ':0'), listener('web', `127.0.0.1:${own}`)])).rejects.toThrow(
      /listener web can't bind .*: listener all stays at/,
    );
  });

  it('gives an address back when a worker refuses, and names the worker', async () => {
    const lab = new BrokerLab();
    await lab.start();
    lab.fault = (index, kind) =>
      index === 1 && kind === 'bind' ? new BalanceError('internal', 'no memory') : undefined;
    await lab.prepare([listener('web', '127.0.0.1:0')]).then(
      () => expect.unreachable('it was refused'),
      (error: unknown) => {
        expect(error).toMatchObject({ message: 'no memory (worker 2)' });
      },
    );
    const [bound] = [...(lab.share.workers[0]?.opened.keys() ?? [])];
    lab.broker.abort(lab.id, Promise.resolve());
    lab.share.workers[0]?.end();
    expect(await visit(parseAddress(bound ?? ''))).toBe('ECONNREFUSED');
  });

  it('moves an address from one socket to another that overlaps, and back when that fails', async () => {
    const lab = new BrokerLab();
    await lab.start();
    await lab.prepare([listener('web', '127.0.0.1:0')]);
    lab.commit();
    const at = lab.at('web') as AddressInfo & Address;
    const wider = [listener('web', `:${at.port}`)];
    const arriving = await lab.prepare(wider);
    expect(arriving).toEqual([parseAddress(`:${at.port}`)]);
    await lab.broker.suspend(at);
    expect(await visit(at)).toBe('ECONNREFUSED');
    await lab.broker.resume(at);
    expect(await visit(at)).toMatch(/worker/);
    await lab.broker.suspend(at);
    await lab.broker.listen(lab.id, parseAddress(`:${at.port}`));
    lab.commit();
    expect(await visit(at)).toMatch(/worker/);
    expect(lab.broker.addresses().get('web')).toBe(`[::]:${at.port}`);
  });

  it('leaves an address where it is when a worker does not let it go', async () => {
    const lab = new BrokerLab();
    await lab.start();
    await lab.prepare([listener('web', '127.0.0.1:0')]);
    lab.commit();
    const at = lab.at('web');
    lab.fault = (index, kind) =>
      index === 0 && kind === 'suspend' ? new BalanceError('worker_hung', 'worker 1 is hung') : undefined;
    await expect(lab.broker.suspend(at)).rejects.toThrow('worker 1 is hung');
    lab.fault = (_, kind) =>
      kind === 'suspend' ? new BalanceError('worker_gone', 'worker is gone') : undefined;
    await lab.broker.suspend(at);
  });

  it('gives a worker that replaces another one all sockets, with no connections to its name', async () => {
    const lab = new BrokerLab();
    await lab.start();
    await lab.prepare([listener('web', '127.0.0.1:0')]);
    lab.commit();
    await visits(lab.at('web'), 20);
    lab.share.workers[1]?.end();
    lab.broker.left(1);
    expect(await visits(lab.at('web'), 10)).toEqual(new Map([['worker 1', 10]]));
    await lab.broker.join(await lab.peer(1), lab.id);
    const answers = await visits(lab.at('web'), 10);
    expect(answers.get('worker 2')).toBeGreaterThan(7);
  });

  it('forgets the connections of a worker that ends before an edit is live', async () => {
    const lab = new BrokerLab();
    await lab.start();
    await lab.prepare([listener('web', '127.0.0.1:0')]);
    const [granted] = lab.granted;
    await visits(granted!.bound, 20);
    const words = new ShareWords(granted!.words, 0);
    expect(words.openOf(1)).toBeGreaterThan(5);
    lab.share.workers[1]?.end();
    lab.broker.left(1);
    lab.commit();
    // Were it still taken for one with few connections, the other one would rest for its sake.
    expect(words.openOf(1)).toBe(0);
    expect(words.serves(1)).toBe(false);
  });

  it('frees an address also from a worker that gets it at that moment', async () => {
    const lab = new BrokerLab();
    await lab.start(1);
    await lab.prepare([listener('web', '127.0.0.1:0')]);
    lab.commit();
    const at = lab.at('web');
    const joining = lab.broker.join(await lab.peer(1), lab.id);
    const suspended = lab.broker.suspend(at);
    await joining;
    await suspended;
    expect(await visit(at)).toBe('ECONNREFUSED');
  });

  it('makes unix sockets with their permissions, and keeps their file for who goes on with them', async () => {
    const lab = new BrokerLab();
    await lab.start(1);
    const path = socketPath();
    const web = listener('web', `unix:${path}`, { socket_mode: 0o600 });
    await lab.prepare([web]);
    lab.commit();
    expect(await visit({ kind: 'unix', path })).toBe('worker 1');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await lab.prepare([{ ...web, socket_mode: 0o660 }]);
    lab.commit();
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(lab.broker.offers()).toMatchObject([
      { what: 'listener web', address: `unix:${path}`, ownsPath: true },
    ]);
    lab.broker.close(true);
    expect(existsSync(path)).toBe(true);
  });

  it('takes over sockets of a process before it, and accepts from them when that lets it', async () => {
    const before = bindHandle({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    const path = socketPath();
    const local = bindHandle({ kind: 'unix', path });
    const begins: (() => Promise<void> | void)[] = [];
    const lab = new BrokerLab({
      claim: (address) => {
        const { fd, address: bound } = address.kind === 'unix' ? local : before;
        return { fd, bound, ownsPath: true };
      },
      whenHandedOver: (begin) => {
        begins.push(begin);
        return Promise.resolve();
      },
    });
    await lab.start(1);
    await lab.prepare([listener('web', formatAddress(before.address)), listener('local', `unix:${path}`)]);
    lab.commit();
    expect(lab.broker.addresses().get('local')).toBe(`unix:${path}`);
    expect(await visit(before.address)).toBe('ECONNREFUSED');
    expect(await visit({ kind: 'unix', path })).toBe('ECONNREFUSED');
    for (const begin of begins) await begin();
    expect(await visit(before.address)).toBe('worker 1');
    expect(await visit({ kind: 'unix', path })).toBe('worker 1');
    lab.broker.close(false);
    expect(existsSync(path)).toBe(false);
  });
});
