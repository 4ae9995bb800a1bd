import { describe, expect, it } from 'vitest';

import { AdminServer } from '../../../../src/admin/server/admin-server.ts';
import { adminRoutes, type AdminSources } from '../../../../src/app/admin/admin-routes.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

/** The endpoints over moving parts that do some things only. */
async function served(control: object) {
  const logger = new RecordingLogger();
  const routes = adminRoutes({
    version: '1.2.3',
    control: { workers: () => [], ...control },
    reloads: { ready: true, journal: { last: undefined, lastSuccess: undefined } },
    plugins: { live: [], failures: [], ignored: [], importedStates: 0 },
    certificates: { certificates: [] },
    ticketKeys: { ageMs: undefined },
    metrics: { totals: () => Promise.resolve(() => undefined) },
    eventLoop: { read: () => undefined },
    upgrade: { reading: undefined },
    logger,
  } as unknown as AdminSources);
  const server = new AdminServer({ listen: '127.0.0.1:0', routes, logger });
  owned({
    close: () => {
      server.destroy();
    },
  });
  const address = await server.listen();
  return { logger, ask: (path: string, init?: RequestInit) => fetch(`http://${address}${path}`, init) };
}

const fails = (): Promise<never> => Promise.reject(new Error('worker 2 does not answer'));

describe('an admin endpoint whose reading fails', () => {
  it.each(['/status', '/config', '/backends', '/pools', '/connections', '/health', '/explain'])(
    '%s answers 500, and the log has the reason',
    async (path) => {
      const { ask, logger } = await served({
        running: fails,
        backends: fails,
        pools: fails,
        connections: fails,
        health: fails,
        explain: fails,
      });
      const question = { method: 'POST', body: '{"url": "http://a/"}' };
      const answer = await ask(path, path === '/explain' ? question : undefined);
      expect(answer.status).toBe(500);
      const { error, id } = (await answer.json()) as { error: string; id: string };
      expect(error).toBe('internal');
      expect(logger.lines).toEqual([
        `error admin endpoint failed ${JSON.stringify({ id, path, error: 'worker 2 does not answer' })}`,
      ]);
    },
  );

  it('holds up no other one, also while its reading is awaited', async () => {
    const { ask } = await served({
      running: fails,
      backends: () => new Promise<never>(() => undefined),
      pools: () => Promise.resolve({ pools: [], unanswered: [] }),
    });
    const left = new AbortController();
    const waiting = ask('/backends', { signal: left.signal }).catch(() => 'left');
    expect((await ask('/status')).status).toBe(500);
    expect(await (await ask('/pools')).json()).toEqual({ pools: [], unanswered: [] });
    expect((await ask('/live')).status).toBe(200);
    left.abort();
    expect(await waiting).toBe('left');
  });
});
