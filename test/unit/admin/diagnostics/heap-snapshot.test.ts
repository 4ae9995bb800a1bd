import { connect } from 'node:net';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AdminServer } from '../../../../src/admin/server/admin-server.ts';
import { heapSnapshotRoute } from '../../../../src/admin/diagnostics/heap-snapshot.ts';
import type { ThreadName } from '../../../../src/admin/diagnostics/thread-name.ts';
import { askAdmin } from '../../../support/peers/admin-client.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

async function start(
  take: (of: ThreadName) => Readable,
  workers = 1,
): Promise<{ address: string; logger: RecordingLogger }> {
  const logger = new RecordingLogger();
  const server = new AdminServer({
    listen: '127.0.0.1:0',
    routes: [
      heapSnapshotRoute(
        logger,
        { heapSnapshot: (of) => Promise.resolve(take(of)) },
        { workers: () => Array.from({ length: workers }, (_, index) => ({ id: index + 1 })) },
      ),
    ],
    logger,
  });
  const address = await server.listen();
  owned({ close: () => server.destroy() });
  return { address, logger };
}

const snapshotOf = (address: string, query = '') =>
  askAdmin(address, `/debug/heap-snapshot${query}`, { method: 'POST' });

describe('POST /debug/heap-snapshot', () => {
  it('sends it as a file, and says first that the traffic stops', async () => {
    const { address, logger } = await start(() => Readable.from(['{"snapshot":', '1}']));
    const answer = await snapshotOf(address);
    expect(answer.body).toBe('{"snapshot":1}');
    expect(answer.headers['content-disposition']).toMatch(/filename="balance-\d+-.*\.heapsnapshot"/);
    expect(logger.lines[0]).toContain('all traffic stops');
    expect((await snapshotOf(address)).status).toBe(200);
  });

  it('wants to know which thread, where there are several', async () => {
    const { address, logger } = await start((of) => Readable.from([String(of)]), 3);
    expect(await snapshotOf(address)).toMatchObject({
      status: 400,
      body: expect.stringContaining('worker is missing: it must be main, 1, 2 or 3') as string,
    });
    expect(await snapshotOf(address, '?worker=4')).toMatchObject({
      status: 400,
      body: expect.stringContaining('worker must be main, 1, 2 or 3') as string,
    });
    expect((await snapshotOf(address, '?worker=main')).body).toBe('main');
    expect((await snapshotOf(address, '?worker=2')).body).toBe('2');
    expect(logger.lines.at(-1)).toContain('"worker":2');
  });

  it('makes one at a time, and throws away what nobody takes', async () => {
    const endless = new Readable({ read: () => endless.push('x'.repeat(64 * 1024)) });
    const snapshots = [endless, Readable.from(['next'])];
    const { address } = await start(() => snapshots.shift()!);
    const closed = new Promise((resolve) => endless.on('close', resolve));
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1').on('error', () => undefined);
    socket.write('POST /debug/heap-snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
    await once(socket, 'data');
    const busy = await snapshotOf(address);
    expect([busy.status, busy.json()]).toMatchObject([409, { error: 'busy' }]);
    socket.destroy();
    await closed;
    expect((await snapshotOf(address)).body).toBe('next');
  });
});
