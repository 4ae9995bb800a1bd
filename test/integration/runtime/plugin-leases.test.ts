import { describe, expect, it } from 'vitest';

import { backend, echoing, naming } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { expectNoStrayErrors } from '../../support/stray-errors.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

expectNoStrayErrors();

/**
 * A plugin that gets a lease for each client. `parts` has the callbacks that are not in order; they find the client's `stream`,
 * the `connection`, the `lease` and the `host`.
 */
function leasing(parts: string): string {
  return `
export default {
  apiVersion: 2,
  name: 'leasing',
  provision(options, host) {
    const upstream = host.upstream(host.defaultUpstream, 'once');
    return {
      protocol: 'leasing',
      active: 0,
      async close() {},
      handle(connection) {
        const { transport: stream } = connection;
        const ignore = { data() {}, end() {}, drained() {}, closed() {} };
        const throws = () => { throw new Error('a bug'); };
        let lease;
        const own = (${parts})({ host, stream, connection, ignore, throws, lease: () => lease });
        stream.read({ ...ignore, end() { stream.destroy(); }, ...own.client });
        upstream.acquire({
          key: undefined,
          fresh: false,
          heldBy: own.heldBy,
          connectFailed: own.connectFailed,
          refused: own.refused ?? (() => stream.destroy()),
          leased(given) {
            lease = given;
            return own.leased(given);
          },
        });
        return { drain() { stream.destroy(); } };
      },
    };
  },
};
`;
}

const PLAIN = `lease.channel.read({ ...ignore, closed() { stream.destroy(); } })`;

function yaml(backends: string, bad: string): string {
  return `
listeners:
  - { name: bad, listen: '127.0.0.1:0', mode: ${bad}, upstream: u }
  - { name: good, listen: '127.0.0.1:0', mode: tcp, upstream: u }
upstreams: [{ name: u, backends: [${backends}] }]
plugins: { directory: ., watch: false }
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
logging: { format: json }
`;
}

async function active(proxy: LabProxy): Promise<number> {
  const response = await fetch(`http://${proxy.adminAddress}/backends`);
  const { backends } = (await response.json()) as { backends: { active: number }[] };
  return backends.reduce((sum, backend) => sum + backend.active, 0);
}

async function noneActive(proxy: LabProxy): Promise<void> {
  await eventually(async () => (await active(proxy)) === 0, 'no lease is left');
}

/** A proxy with a plugin that leases the only two connections of a backend that speaks first. */
async function scene(parts: string) {
  const server = await backend(naming('hello'));
  const backends = `{ address: '${server.address}', max_connections: 2 }`;
  const proxy = await labProxy(yaml(backends, 'leasing'), { 'leasing.mjs': leasing(parts) });
  return { server, proxy, backends };
}

async function served(proxy: LabProxy): Promise<void> {
  const good = await client(proxy.address('good'));
  await good.untilText('hello');
  good.close();
  await noneActive(proxy);
}

describe("a lease of a stranger's plugin", () => {
  it.each([
    [
      'what it reads from the backend',
      `({ throws, ignore, stream }) => ({ leased(lease) { lease.channel.read({ ...ignore, data: throws, closed() { stream.destroy(); } }); } })`,
    ],
    [
      'what it reads from the backend, later',
      `({ throws, ignore, stream }) => ({ leased(lease) { lease.channel.read({ ...ignore, async data() { throws(); }, closed() { stream.destroy(); } }); } })`,
    ],
    [
      'the end of what it reads',
      `({ throws, ignore, stream }) => ({ leased(lease) { lease.channel.read({ ...ignore, data() { lease.channel.destroy(); stream.destroy(); }, closed: throws }); } })`,
    ],
    ['leased', `({ throws, connection }) => ({ heldBy: connection, leased: throws })`],
    [
      'leased, later',
      `({ throws, connection }) => ({ heldBy: connection, async leased() { await null; throws(); } })`,
    ],
    [
      'the end of a tunnel',
      `({ throws, host, stream }) => ({ leased(lease) { host.tunnel({ downstream: stream, upstream: lease.channel, idleTimeoutMs: 50, ended: throws }); } })`,
    ],
    [
      'the end of a tunnel, later',
      `({ throws, host, stream }) => ({ leased(lease) { host.tunnel({ downstream: stream, upstream: lease.channel, idleTimeoutMs: 50, async ended() { throws(); } }); } })`,
    ],
    [
      'opening a tunnel',
      `({ host, stream, connection }) => ({ heldBy: connection, leased(lease) { host.tunnel({ downstream: stream, idleTimeoutMs: 50, ended() { throw new Error('a bug'); } }); } })`,
    ],
  ])('ends when the plugin throws in %s, and the backend has room for others', async (_where, parts) => {
    const { proxy } = await scene(parts);
    for (let round = 0; round < 3; round += 1) await (await client(proxy.address('bad'))).untilEnded();
    await noneActive(proxy);
    await served(proxy);
    // Wherever it happens, the line leads to the plugin's code.
    expect(JSON.parse(await proxy.untilLogged('protocol failed'))).toMatchObject({
      plugin: 'leasing',
      at: expect.stringMatching(/\/leasing\.mjs:\d+:\d+$/) as string,
      stack: expect.stringMatching(/^at .*leasing\.mjs:\d/s) as string,
    });
  });

  it.each([
    [
      'throws when it hears that the client left',
      `({ throws, connection, ignore }) => ({ heldBy: connection, client: { closed: throws }, leased(lease) { lease.channel.read(ignore); } })`,
    ],
    [
      'forgets it',
      `({ connection, ignore }) => ({ heldBy: connection, leased(lease) { lease.channel.read(ignore); } })`,
    ],
    ['never reads it', `({ connection }) => ({ heldBy: connection, leased() {} })`],
  ])('ends with the connection that it is for when the plugin %s', async (_how, parts) => {
    const { proxy } = await scene(parts);
    const gone = [await client(proxy.address('bad')), await client(proxy.address('bad'))];
    await eventually(async () => (await active(proxy)) === 2, 'both have a lease');
    // A third one waits, and leaves as well.
    gone.push(await client(proxy.address('bad')));
    for (const client of gone) client.close();
    await noneActive(proxy);
    await served(proxy);
  });

  it('ends with the instance when no connection is named', async () => {
    const { proxy, backends } = await scene(
      `({ ignore }) => ({ leased(lease) { lease.channel.read(ignore); } })`,
    );
    const gone = await client(proxy.address('bad'));
    await eventually(async () => (await active(proxy)) === 1, 'it has a lease');
    gone.close();
    await gone.untilEnded();
    await proxy.change(yaml(backends, 'tcp'));
    await noneActive(proxy);
    await proxy.untilLogged('protocol closed and left leases or tunnels behind');
  });

  it('is given by another backend when the plugin throws as the first one fails', async () => {
    const server = await backend(echoing('hello'));
    const backends = `{ address: '${await deadAddress()}' }, { address: '${server.address}' }`;
    const parts = `({ throws, ignore, stream }) => ({ connectFailed: throws, leased(lease) { ${PLAIN}; stream.writeText('leased'); } })`;
    const proxy = await labProxy(yaml(backends, 'leasing'), { 'leasing.mjs': leasing(parts) });
    for (let round = 0; round < 2; round += 1) await (await client(proxy.address('bad'))).untilText('leased');
    await proxy.untilLogged('a bug');
  });

  it('that is refused harms nobody when the plugin fails later at that', async () => {
    const parts = `({ throws, stream }) => ({ leased() {}, async refused() { stream.destroy(); await null; throws(); } })`;
    const proxy = await labProxy(yaml(`{ address: '${await deadAddress()}' }`, 'leasing'), {
      'leasing.mjs': leasing(parts),
    });
    await (await client(proxy.address('bad'))).untilEnded();
    await proxy.untilLogged('a bug');
  });

  it('is as good as ended once its stream is closed', async () => {
    const parts = `({ ignore, stream, host }) => ({ leased(lease) {
      lease.channel.read({ ...ignore, closed() {
        setImmediate(() => {
          const wasDestroyed = lease.channel.destroyed;
          lease.leavePool();
          lease.end(undefined, 0, Infinity);
          lease.end(undefined, 0, 0);
          host.logger.info('ended again', { wasDestroyed });
          stream.destroy();
        });
      } });
      lease.channel.destroy();
    } })`;
    const { proxy } = await scene(parts);
    await (await client(proxy.address('bad'))).untilEnded();
    expect(await proxy.untilLogged('ended again')).toContain('"wasDestroyed":true');
    await noneActive(proxy);
    await served(proxy);
  });
});

describe("a stranger's plugin that does not take connections over", () => {
  const taking = (handle: string): string => `
export default {
  apiVersion: 2,
  name: 'leasing',
  provision: () => ({ protocol: 'leasing', active: 0, async close() {}, ${handle} }),
};
`;

  it.each([
    [
      'returns nothing',
      'handle({ transport: stream }) { stream.read({ data() {}, end() {}, drained() {}, closed() {} }); }',
    ],
    [
      'promises nothing',
      'async handle({ transport: stream }) { stream.read({ data() {}, end() {}, drained() {}, closed() {} }); }',
    ],
    [
      'returns no handler',
      'handle({ transport: stream }) { stream.read({ data() {}, end() {}, drained() {}, closed() {} }); return {}; }',
    ],
  ])('and %s loses them, and the log says so once', async (_how, handle) => {
    const server = await backend();
    // Each worker says it once.
    const proxy = await labProxy(`${yaml(`{ address: '${server.address}' }`, 'leasing')}workers: 1\n`, {
      'leasing.mjs': taking(handle),
    });
    for (let round = 0; round < 3; round += 1) await (await client(proxy.address('bad'))).untilEnded();
    const text = 'handle returns no handler: an object with the function drain';
    expect(await proxy.untilLogged(text)).toContain('"protocol":"leasing"');
    expect((await proxy.log()).split(text).length - 1).toBeLessThanOrEqual(TEST_WORKERS);
  });

  it.each([
    ['does not read', 'handle() { return { drain() {} }; }'],
    ['never gives a handler, nor reads', 'handle() { return new Promise(() => {}); }'],
  ])('and %s loses them after a while', async (_how, handle) => {
    const server = await backend();
    const proxy = await labProxy(yaml(`{ address: '${server.address}' }`, 'leasing'), {
      'leasing.mjs': taking(handle),
    });
    await (await client(proxy.address('bad'))).untilEnded();
    await proxy.untilLogged('handle has not read connection.transport');
  });
});
