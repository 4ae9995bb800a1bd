import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';

const REQUESTS = 100;

buildProgram();

describe.each([1, 2])('with %i workers', { timeout: 60_000 }, (workers) => {
  it('while everything fails, second tries stay within one budget for all workers', async () => {
    let attempts = 0;
    const waiting: (() => void)[] = [];
    const server = createServer((_request, response) => {
      attempts += 1;
      const answer = (): void => void response.writeHead(503).end();
      // All first tries are there before the first one fails.
      if (attempts < REQUESTS) waiting.push(answer);
      else for (const go of [...waiting.splice(0), answer]) go();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const proxy = await labProxy(`
workers: ${workers}
listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [{ name: a, address: '127.0.0.1:${port}' }, { name: b, address: 'localhost:${port}' }]
    resilience: { retry: { on: [503], initial_delay: 1ms, max_delay: 1ms } }
`);
    const statuses = await Promise.all(
      Array.from({ length: REQUESTS }, async () => {
        const answer = await fetch(`http://${proxy.address()}/`, { headers: { connection: 'close' } });
        return answer.status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([503]));
    expect(attempts).toBeGreaterThan(REQUESTS);
    expect(attempts).toBeLessThanOrEqual(1.25 * REQUESTS + 3);
  });
});
