import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { startDemoBackends, type DemoBackends } from '../../../../src/cli/demo/demo-backends.ts';

let running: DemoBackends | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

const textOf = async (port: number, path: string, init?: RequestInit) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, text: await response.text() };
};

describe('startDemoBackends', () => {
  it('starts backends that each answer with their own name', async () => {
    running = await startDemoBackends([0, 0, 0]);
    expect(running.backends.map((backend) => backend.name)).toEqual(['backend-1', 'backend-2', 'backend-3']);
    for (const { name, port } of running.backends) {
      expect(await textOf(port, '/any')).toEqual({ status: 200, text: `Hello from ${name}\n` });
      expect(await textOf(port, '/', { method: 'POST', body: 'x'.repeat(100_000) })).toMatchObject({
        status: 200,
      });
      expect(await textOf(port, '/', { method: 'HEAD' })).toEqual({ status: 200, text: '' });
      expect(await textOf(port, '/health')).toEqual({ status: 200, text: 'ok\n' });
    }
  });

  it('names the port that is in use, and leaves nothing running', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const address = occupant.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    running = await startDemoBackends([0]);
    const free = running.backends[0]!.port;
    await running.close();

    await expect(startDemoBackends([free, port])).rejects.toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining(String(port)) as string,
    });
    running = await startDemoBackends([free]);
    expect(running.backends[0]!.port).toBe(free);
    occupant.close();
  });
});
