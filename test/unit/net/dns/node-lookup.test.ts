import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';

import { bindAddresses } from '../../../../src/net/dns/bind-addresses.ts';
import { nodeLookup } from '../../../../src/net/dns/node-lookup.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';
import { owned } from '../../../support/owned.ts';

const NAMES = fixedNames({ 'shop.test': ['127.0.0.3', '127.0.0.1', '2001:db8::1'] });

describe('sockets of libraries', () => {
  it('find the addresses of a name without the thread pool', async () => {
    const server = owned(createServer((socket) => socket.end()).listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: 'shop.test', port, lookup: nodeLookup(NAMES) });
    await once(socket, 'connect');
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it.each([
    [{ family: 0 }, '127.0.0.3'],
    [{ family: 6 }, '2001:db8::1'],
    [
      { family: 'IPv4' as const, all: true },
      [
        { address: '127.0.0.3', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
  ])('get what they ask for: %j', async (options, expected) => {
    const found = await new Promise((resolve) => {
      nodeLookup(NAMES)('shop.test', options, (_error, address) => {
        resolve(address);
      });
    });
    expect(found).toEqual(expected);
  });

  it('are told that a name is not known', async () => {
    const socket = connect({ host: 'dead.test', port: 1, lookup: nodeLookup(NAMES) });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error).toMatchObject({
      code: 'ENOTFOUND',
      message: 'dead.test can not be resolved: the test knows no such name',
    });
  });
});

describe('a listener at a host name', () => {
  const find = bindAddresses(NAMES);

  it('is bound at the addresses of the name, IPv6 before IPv4', async () => {
    expect(await find({ kind: 'tcp', host: 'localhost', port: 80 })).toEqual([
      { kind: 'tcp', host: '::1', port: 80 },
      { kind: 'tcp', host: '127.0.0.1', port: 80 },
    ]);
  });

  it('needs no look-up without a name', async () => {
    for (const address of [
      { kind: 'tcp', host: '', port: 80 },
      { kind: 'tcp', host: '127.0.0.1', port: 80 },
      { kind: 'unix', path: '/run/x' },
    ] as const)
      expect(await find(address)).toEqual([address]);
  });

  it('says why there is none', async () => {
    await expect(find({ kind: 'tcp', host: 'dead.test', port: 80 })).rejects.toThrow(
      'dead.test can not be resolved: the test knows no such name',
    );
  });
});
