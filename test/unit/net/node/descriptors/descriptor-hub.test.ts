import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';

import { DescriptorHub } from '../../../../../src/net/node/descriptors/descriptor-hub.ts';
import { DescriptorInbox } from '../../../../../src/net/node/descriptors/descriptor-inbox.ts';
import { bindHandle, type BoundHandle } from '../../../../../src/net/node/descriptors/bound-handle.ts';
import type { Invited } from '../../../../../src/net/node/descriptors/invitation.ts';
import type { ListeningHandle } from '../../../../../src/net/node/node-internals.ts';
import { buildProgram } from '../../../../support/labs/built-program.ts';
import { eventually } from '../../../../support/time/eventually.ts';

const BACKLOG = 64;

buildProgram();

function hub(writing?: null): DescriptorHub {
  const made = writing === null ? new DescriptorHub(writing) : new DescriptorHub();
  onTestFinished(() => {
    made.close();
  });
  return made;
}

function bind(): BoundHandle {
  const bound = bindHandle({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    bound.close();
  });
  return bound;
}

/** The answer of whoever accepts, or the code of the error. */
async function ask({ address }: BoundHandle): Promise<string> {
  const client = connect({ port: address.kind === 'tcp' ? address.port : 0, host: '127.0.0.1' });
  let text = '';
  client.on('data', (bytes: Buffer) => (text += bytes.toString()));
  client.on('error', (error: NodeJS.ErrnoException) => (text = error.code ?? ''));
  await once(client, 'close');
  return text;
}

/** A thread that accepts from what it is sent, and answers with its name. It closes its descriptor when it is told to. */
async function thread(invited: Invited, name: string): Promise<Worker> {
  const inbox = new URL('../../../../../dist/src/net/node/descriptors/descriptor-inbox.js', import.meta.url)
    .href;
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { Socket } = require('node:net');
    const held = [];
    import(${JSON.stringify(inbox)}).then(async ({ DescriptorInbox }) => {
      await DescriptorInbox.join(workerData.invited, (socket, handle) => {
        if (handle === undefined) return parentPort.postMessage('none ' + socket);
        held.push(handle);
        handle.onconnection = (error, accepted) => {
          const client = new Socket({ handle: accepted, manualStart: true }).on('error', () => undefined);
          client.resume().end(workerData.name);
        };
        parentPort.postMessage('got ' + socket + ' ' + handle.listen(${String(BACKLOG)}));
      });
      parentPort.postMessage('joined');
    });
    parentPort.on('message', () => held.pop().close(() => parentPort.postMessage('closed')));`;
  const worker = new Worker(code, { eval: true, workerData: { invited, name } });
  onTestFinished(async () => {
    await worker.terminate();
  });
  await said(worker, 'joined');
  return worker;
}

async function said(worker: Worker, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message) => {
      if (message === text) resolve();
    });
  });
}

describe.runIf(process.platform === 'linux')('a hub of descriptors', () => {
  it('gives each thread a descriptor of its own: the others go on when one closes it or is ended', async () => {
    const from = hub();
    const bound = bind();
    const [first, second] = await Promise.all([
      thread(from.invite(1), 'first'),
      thread(from.invite(2), 'second'),
    ]);
    const listening = [said(first, 'got 7 0'), said(second, 'got 7 0')];
    expect(from.send(1, 7, bound.handle)).toBe(true);
    expect(from.send(2, 7, bound.handle)).toBe(true);
    await Promise.all(listening);
    expect(['first', 'second']).toContain(await ask(bound));

    const closed = said(first, 'closed');
    first.postMessage('close');
    await closed;
    for (let turn = 0; turn < 10; turn += 1) expect(await ask(bound)).toBe('second');

    const again = said(first, 'got 7 0');
    expect(from.send(1, 7, bound.handle)).toBe(true);
    await again;
    await second.terminate();
    for (let turn = 0; turn < 10; turn += 1) expect(await ask(bound)).toBe('first');
    await eventually(() => !from.send(2, 7, bound.handle), 'the channel has ended');
  });

  it('keeps clients waiting while no thread is alive, and the next one serves them', async () => {
    const from = hub();
    const bound = bind();
    const first = await thread(from.invite(1), 'first');
    const listening = said(first, 'got 1 0');
    expect(from.send(1, 1, bound.handle)).toBe(true);
    await listening;
    await first.terminate();
    const answers = Promise.all(Array.from({ length: 20 }, () => ask(bound)));
    await thread(from.invite(1), 'next');
    expect(from.send(1, 1, bound.handle)).toBe(true);
    expect(new Set(await answers)).toEqual(new Set(['next']));
  });

  it('tells which socket each descriptor is of, and for which there is none', async () => {
    const from = hub();
    const [one, other] = [bind(), bind()];
    const got: [number, ListeningHandle | undefined][] = [];
    const inbox = await DescriptorInbox.join(from.invite(3), (socket, handle) => got.push([socket, handle]));
    onTestFinished(() => {
      inbox.destroy();
      for (const [, handle] of got) handle?.close();
    });
    expect(from.send(3, 1, one.handle)).toBe(true);
    other.close();
    for (let turn = 0; turn < 50; turn += 1) {
      from.send(3, 2, other.handle);
      from.send(3, 123_456, one.handle);
    }
    await eventually(() => got.length === 101, 'all have come');
    expect(got.map(([socket]) => socket)).toEqual([
      1,
      ...Array.from({ length: 50 }, () => [2, 123_456]).flat(),
    ]);
    expect(got.every(([socket, handle]) => (handle === undefined) === (socket === 2))).toBe(true);
  });

  it('can not send to who was not invited, or is released', async () => {
    const from = hub();
    const bound = bind();
    expect(from.send(1, 1, bound.handle)).toBe(false);
    const invited = from.invite(1);
    expect(from.send(1, 1, bound.handle)).toBe(true);
    from.release(1);
    await expect(DescriptorInbox.join(invited, () => undefined)).rejects.toThrow(/ECONN/);
    expect(from.send(1, 1, bound.handle)).toBe(false);
  });

  it('lets nobody in who does not know the secret', async () => {
    const from = hub();
    const { name, secret } = from.invite(1);
    const stranger = connect(name);
    stranger.on('error', () => undefined).resume();
    stranger.write(new Uint8Array(secret.length));
    await once(stranger, 'close');
    const bound = bind();
    from.send(1, 1, bound.handle);
    const got: (ListeningHandle | undefined)[] = [];
    const inbox = await DescriptorInbox.join({ name, secret }, (_, handle) => got.push(handle));
    onTestFinished(() => {
      inbox.destroy();
      got[0]?.close();
    });
    await eventually(() => got[0] !== undefined, 'the right one has joined');
  });

  it('says why it can not send when the way to write is not known', () => {
    expect(hub(null).failure).toContain('not known');
    expect(hub().failure).toBe('');
  });
});
