import { onTestFinished, describe, expect, it } from 'vitest';

import { labProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get } from '../../support/peers/http-talk.ts';

/** Counts what threads need, from now to the end of the test. */
function countSharing(): { threads: number; sharedBuffers: number; channels: number } {
  const counts = { threads: 0, sharedBuffers: 0, channels: 0 };
  const noteThread = (): void => {
    counts.threads += 1;
  };
  process.on('worker', noteThread);
  const { SharedArrayBuffer, MessageChannel } = globalThis;
  globalThis.SharedArrayBuffer = new Proxy(SharedArrayBuffer, {
    construct(target, args, made) {
      counts.sharedBuffers += 1;
      return Reflect.construct(target, args, made) as object;
    },
  });
  globalThis.MessageChannel = new Proxy(MessageChannel, {
    construct(target, args, made) {
      counts.channels += 1;
      return Reflect.construct(target, args, made) as object;
    },
  });
  onTestFinished(() => {
    process.off('worker', noteThread);
    Object.assign(globalThis, { SharedArrayBuffer, MessageChannel });
  });
  return counts;
}

const ports = (): number => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

describe('one worker', () => {
  it('makes no thread, no port and no shared memory, neither at the start nor for a request nor for an edit', async () => {
    const { address } = await backend(answering(() => ok('hello')));
    const portsBefore = ports();
    const counts = countSharing();
    // What this test is about.
    const yaml = `workers: 1\nlisten: '127.0.0.1:0'\nmax_connections: 10\nbackends: [{ address: '${address}', max_connections: 5 }]\n`;
    const proxy = await labProxy(`${yaml}admin: { listen: '127.0.0.1:0' }\nreload: { watch: false }\n`);
    expect((await get(await client(proxy.address()))).body).toBe('hello');
    await proxy.change(
      `${yaml}admin: { listen: '127.0.0.1:0' }\nreload: { watch: false }\nqueue: { max_size: 7 }\n`,
    );
    expect((await get(await client(proxy.address()))).body).toBe('hello');
    expect((await proxy.status())['workers']).toHaveLength(1);
    expect(counts).toEqual({ threads: 0, sharedBuffers: 0, channels: 0 });
    expect(ports()).toBe(portsBefore);
  });
});
