import { defineConfig } from 'vitest/config';

/** Tests that put load on whole proxies, some of them other people's. */
const WHOLE_PROXIES = [
  'test/system/**/*.test.ts',
  'test/integration/fuzz/**/*.test.ts',
  'test/integration/runtime/reload-soak.test.ts',
];

// SLOW_MACHINE=7 npm test: finds tests that count on time.
if (process.env['SLOW_MACHINE'])
  process.env['NODE_OPTIONS'] =
    `${process.env['NODE_OPTIONS'] ?? ''} --import ${new URL('test/support/time/slow-machine.mjs', import.meta.url).href}`;

// WORKERS=2 npm test: proxies of tests have so many workers (test/support/workers/test-workers.ts).
const hasWorkers = Number(process.env['WORKERS'] ?? '1') > 1;

export default defineConfig({
  test: {
    // CI runs most files on several versions of Node, and transforms them once.
    experimental: { fsModuleCache: Boolean(process.env['CI']) },
    globalSetup: hasWorkers ? ['test/support/workers/compile-workers.ts'] : [],
    pool: 'forks',
    // One process runs many files, which keep no state in modules: loading them anew for each took a third of the time.
    isolate: false,
    // Plugins that tests write are imported by the runtime itself, as in production.
    server: { deps: { external: [/\/balance-(?:plugins|lab|contract)-[^/]+\//] } },
    reporters: process.env['CI'] ? ['default', './test/support/reporters/long-files.ts'] : ['default'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/{unit,contract,integration}/**/*.test.ts'],
          exclude: WHOLE_PROXIES,
          // Most tests wait for sockets and clocks most of the time.
          maxWorkers: 6,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // After the others: they keep the machine busy by themselves, and some have clocks that are not ours.
        test: { name: 'whole proxies', include: WHOLE_PROXIES, maxWorkers: 3, sequence: { groupOrder: 1 } },
      },
    ],
    coverage: { include: ['src/**/*.ts', 'plugins/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
