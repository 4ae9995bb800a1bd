import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { loadConfigText } from '../../support/labs/load-config.ts';
import { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { explain } from '../../../src/runtime/explain/explain.ts';
import { buildOffline } from '../../../src/runtime/explain/offline-plan.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

/** How kinds of backends read the path of a target; undefined where they refuse it. */
const READERS: Readonly<Record<string, (path: string) => string | undefined>> = {
  nginx: (path) =>
    /%00|%(?![\da-f]{2})/i.test(path) ? undefined : withoutDots(decoded(path).replace(/\/+/g, '/')),
  'nginx without merge_slashes': (path) => withoutDots(decoded(path)),
  'a servlet container': (path) => withoutDots(decoded(path.replace(/;[^/]*/g, '')).replace(/\/+/g, '/')),
  'a servlet container that decodes first': (path) =>
    withoutDots(
      decoded(path)
        .replace(/;[^/]*/g, '')
        .replace(/\/+/g, '/'),
    ),
  'a program behind WSGI': (path) => decoded(path),
  'a server on Windows': (path) => withoutDots(decoded(path).replace(/[/\\]+/g, '/')),
  'a program in C': (path) => withoutDots(decoded(path).replace(/\0.*$/s, '').replace(/\/+/g, '/')),
  'a lenient decoder': (path) =>
    withoutDots(
      decoded(path).replace(/\xc0(.)/gs, (_, last: string) => String.fromCharCode(last.charCodeAt(0) & 0x3f)),
    ),
};

function decoded(path: string): string {
  return path.replace(/%([\da-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** RFC 3986 5.2.4, where empty segments count. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const parts = path.split('/').slice(1);
  for (const part of parts) {
    if (part === '..') kept.pop();
    else if (part !== '.') kept.push(part);
  }
  const isFolder = ['.', '..'].includes(parts.at(-1)!) && kept.length > 0;
  return `/${kept.join('/')}${isFolder ? '/' : ''}`;
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

const path = fc
  .array(
    fc.constantFrom(
      ...[
        '/',
        '/',
        '/',
        '..',
        '..',
        '.',
        '%2e',
        '%2f',
        '%5c',
        '\\',
        ';',
        ';x=1',
        '%00',
        '%c0%af',
        '%c0%ae',
        '%',
      ],
      ...['admin', '%61dmin', 'adm%69n', 'open', 'x', '%2561dmin'],
    ),
    { maxLength: 10 },
  )
  .map((parts) => `/${parts.join('')}`);

describe.each([
  ['as they came', false],
  ['normalized', true],
])('paths that go on %s', (_, normalizes) => {
  it('are read by no backend as those of another route', async () => {
    const logger = new RecordingLogger();
    const plugins = await new PluginLoader(logger).loadFor('config/balance.yaml');
    const routes = [
      { name: 'admin', path_prefix: '/admin', upstream: 'u' },
      { name: 'open', path_prefix: '/open', upstream: 'u' },
      { name: 'one', path: '/x', upstream: 'u' },
      { name: 'rest', upstream: 'u' },
    ];
    const http = { normalize_path: normalizes, routes };
    const config = {
      listeners: [{ listen: '127.0.0.1:1', http }],
      upstreams: [{ name: 'u', backends: [{ address: '127.0.0.1:2' }] }],
    };
    const plan = await buildOffline(
      loadConfigText(JSON.stringify(config), 'test.yaml', { modes: plugins.names }),
      plugins,
      logger,
    );
    let forwarded = 0;
    fc.assert(
      fc.property(path, (url) => {
        const { route, forwarded: message, answer } = explain(plan, { url });
        if (message === undefined) {
          expect(answer?.status).toBe(400);
          return;
        }
        forwarded += 1;
        const target = message.line.split(' ')[1]!;
        if (!normalizes) expect(target).toBe(url);
        for (const [reader, read] of Object.entries(READERS)) {
          const seen = read(target);
          for (const area of ['admin', 'open']) {
            if (seen !== undefined && isBelow(seen, `/${area}`))
              expect([reader, url, route]).toEqual([reader, url, area]);
          }
          if (seen === '/x') expect([reader, url, route]).toEqual([reader, url, 'one']);
        }
      }),
      { numRuns: 3000 },
    );
    expect(forwarded).toBeGreaterThan(300);
    plan.close();
  });
});
