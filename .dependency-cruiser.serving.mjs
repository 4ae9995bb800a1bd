import rules from './.dependency-cruiser.mjs';

// What a thread that serves clients never imports, as each worker would pay for it. Imports of types cost nothing, and neither do
// those that are made when they are needed; so they don't count here.
export default {
  forbidden: [
    {
      name: 'a worker imports little',
      comment:
        'the config and its schema are read, logs are written and metrics are shown in the thread that supervises; what else is big is imported when it is needed',
      severity: 'error',
      from: { path: '^(src/app/worker/worker-entry|plugins/(http|tcp)/index)[.]ts$' },
      to: {
        path: [
          '^schemas/',
          '^(node_modules/)?(ajv|ajv-formats|yaml|chokidar|winston|winston-transport|prom-client|@opentelemetry)(/|$)',
          '^(node:)?https?$',
        ],
        reachable: true,
      },
    },
  ],
  options: { ...rules.options, exclude: { dynamic: true }, tsPreCompilationDeps: false },
};
