import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,contract,integration,system,fuzz}/**/*.test.ts'],
    pool: 'forks',
    // One process runs many files, which keep no state in modules: loading them anew for each took a third of the time.
    isolate: false,
    // Plugins that tests write are imported by the runtime itself, as in production.
    server: { deps: { external: [/\/balance-(?:plugins|lab|contract)-[^/]+\//] } },
    // Most tests wait for sockets and clocks most of the time.
    maxWorkers: 6,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: { include: ['src/**/*.ts', 'plugins/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
