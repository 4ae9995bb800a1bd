import fc from 'fast-check';
import { expect, it } from 'vitest';

import { unreachableRoutes } from '../../../plugins/http/config/route-reach.ts';
import { loadConfigText } from '../../support/labs/load-config.ts';
import { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { explain } from '../../../src/runtime/explain/explain.ts';
import { buildOffline } from '../../../src/runtime/explain/offline-plan.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { randomRequest, randomRoute } from './random-cases.ts';

it('calls no route unreachable that some request gets to', async () => {
  const logger = new RecordingLogger();
  const plugins = await new PluginLoader(logger).loadFor('config/balance.yaml');
  let flagged = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(randomRoute, { minLength: 2, maxLength: 10 }),
      fc.array(randomRequest, { minLength: 30, maxLength: 30 }),
      fc.boolean(),
      async (routes, requests, normalizes) => {
        const http = { routes, normalize_path: normalizes, health_endpoint: '/a' };
        const upstreams = ['u0', 'u1'].map((name) => ({ name, backends: [{ address: '127.0.0.1:1' }] }));
        const text = JSON.stringify({ listeners: [{ listen: '127.0.0.1:1', http }], upstreams });
        const loaded = loadConfigText(text, 'test.yaml', { modes: plugins.names });
        const plan = await buildOffline(loaded, plugins, logger);
        const options = loaded.config.listeners[0]!.http!;
        const unreachable = unreachableRoutes(options);
        flagged += unreachable.length;
        const names = unreachable.map(({ index }) => options.routes[index]!.name);
        for (const request of requests) {
          const { route, routes: looked } = explain(plan, request);
          expect(names, JSON.stringify(looked)).not.toContain(route);
        }
        plan.close();
      },
    ),
    { numRuns: 25 },
  );
  expect(flagged).toBeGreaterThan(5);
});
