import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { Address } from '../../../../src/config/values/address.ts';
import { socketKeyOf } from '../../../../src/config/sockets/socket-key.ts';
import { formatAddress } from '../../../../src/config/values/address.ts';
import { bindHandle, type BoundHandle } from '../../../../src/net/node/descriptors/bound-handle.ts';
import type { GrantedSocket } from '../../../../src/net/share/granted-socket.ts';
import { ShareWords } from '../../../../src/net/share/share-words.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { ShareLab, visit, visits } from '../../../support/workers/share-lab.ts';

const LOCAL: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 };

/** A socket that the main thread holds, and what it grants to workers. */
function held(
  lab: ShareLab,
  workers: number,
  address = LOCAL,
): { bound: BoundHandle; granted: GrantedSocket } {
  const bound = bindHandle(address);
  onTestFinished(() => {
    bound.close();
  });
  lab.need = (worker, socket, count) => {
    for (let sent = 0; sent < count; sent += 1) lab.hub.send(worker, socket, bound.handle);
  };
  const granted: GrantedSocket = {
    socket: 1,
    key: socketKeyOf({ name: 'web', address: formatAddress(address) }),
    address,
    bound: bound.address,
    isLater: false,
    words: ShareWords.allocate(workers),
  };
  return { bound, granted };
}

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'balance-share-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return join(folder, 'socket');
}

describe.runIf(process.platform === 'linux')('workers that share a socket', () => {
  it.each([
    ['a TCP socket', () => LOCAL],
    ['a unix socket', (): Address => ({ kind: 'unix', path: socketPath() })],
  ])('get even shares of the connections of %s', async (_, address) => {
    const lab = new ShareLab();
    const { granted } = held(lab, 2, address());
    const [one, two] = [await lab.join(0), await lab.join(1)];
    await one.listen(granted);
    await two.listen(granted);
    await visits(granted.bound, 64);
    expect(Math.abs(one.open - two.open)).toBeLessThanOrEqual(4);
  });

  it('fill up one that joins late, and take over when one leaves', async () => {
    const lab = new ShareLab();
    const { granted } = held(lab, 2);
    const [one, two] = [await lab.join(0), await lab.join(1)];
    const first = await one.listen(granted);
    await visits(granted.bound, 30);
    expect(one.open).toBe(30);
    await two.listen(granted);
    await visits(granted.bound, 30);
    expect(two.open).toBeGreaterThan(25);
    expect(first.suspend()).toBeUndefined();
    expect(await visits(granted.bound, 10)).toEqual(new Map([['worker 2', 10]]));
    await first.resume();
    await visits(granted.bound, 20);
    expect(one.open).toBeGreaterThan(35);
  });

  it('accept nothing from a socket that another process still has, until it is resumed', async () => {
    const lab = new ShareLab();
    const { granted } = held(lab, 1);
    const worker = await lab.join(0);
    const socket = await worker.listen({ ...granted, isLater: true });
    expect(await visit(granted.bound)).toBe('ECONNREFUSED');
    await socket.resume();
    expect(await visit(granted.bound)).toBe('worker 1');
  });

  it('keep no descriptor when they stop while one is on its way', async () => {
    const lab = new ShareLab();
    const { bound, granted } = held(lab, 1);
    const worker = await lab.join(0);
    let send = (): void => undefined;
    lab.need = (index, socket) => {
      send = () => void lab.hub.send(index, socket, bound.handle);
    };
    const listening = worker.listen(granted);
    const refused = expect(listening).rejects.toThrow('did not arrive');
    await eventually(() => worker.opened.size === 1, 'it listens');
    const freed = worker.opened.get(formatAddress(granted.bound))?.close();
    expect(freed).toBeInstanceOf(Promise);
    send();
    await freed;
    await refused;
    expect(await visit(granted.bound)).toBe('ECONNREFUSED');
  });

  it('stay suspended when a descriptor comes that was asked for before', async () => {
    const lab = new ShareLab();
    const { bound, granted } = held(lab, 1);
    const worker = await lab.join(0);
    const socket = await worker.listen(granted);
    await socket.suspend();
    let send = (): void => undefined;
    lab.need = (index, number) => {
      send = () => void lab.hub.send(index, number, bound.handle);
    };
    const refused = expect(socket.resume()).rejects.toThrow('did not arrive');
    const freed = socket.suspend();
    send();
    await freed;
    await refused;
    bound.close();
    expect(await visit(granted.bound)).toBe('ECONNREFUSED');
  });

  it('say that an address is not there when it was not granted, or has no descriptor', async () => {
    const lab = new ShareLab();
    const { granted } = held(lab, 1);
    const worker = await lab.join(0);
    await expect(worker.listen(granted, 'other')).rejects.toMatchObject({ code: 'address_in_use' });
    lab.need = (index, socket) => void lab.hub.send(index, socket, undefined);
    await expect(worker.listen(granted)).rejects.toThrow('the descriptor of listener web did not arrive');
  });

  it('leave the file of a unix socket to the main thread', async () => {
    const lab = new ShareLab();
    const path = socketPath();
    const { bound, granted } = held(lab, 1, { kind: 'unix', path });
    const worker = await lab.join(0);
    const socket = await worker.listen(granted);
    void socket.close();
    expect(existsSync(path)).toBe(true);
    bound.close();
    expect(existsSync(path)).toBe(false);
  });
});
