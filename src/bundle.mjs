// Joins the compiled files that each thread imports anew into one file for each part; prepare.mjs calls this. Importing 550 files one by one
// keeps a worker busy for half a second before it serves, and most of that time goes into finding and opening them.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** What is joined: all that these files import. The result lies beside each as `bundle.js`, so that paths from there are the same. */
const ENTRIES = [
  'src/app/worker/worker-entry.js',
  'src/config/load/load-worker.js',
  'plugins/http/index.js',
  'plugins/tcp/index.js',
];

/** What the proxy and plugins both import stays in its own files: there must be one of each, since errors are told apart by their class. */
const SHARED = ['plugin-api/', 'errors/', 'errors.js', 'readings/'].map((name) => join(dist, 'src', name));

for (const entry of ENTRIES) {
  await build({
    input: { bundle: join(dist, entry) },
    platform: 'node',
    external: (id) => isPackage(id) || SHARED.some((path) => id.startsWith(path)),
    plugins: [{ name: 'source-maps', load: { filter: { id: /\.js$/ }, handler: withMap } }],
    output: {
      dir: join(dist, dirname(entry)),
      format: 'esm',
      sourcemap: true,
      entryFileNames: '[name].js',
      // What is imported only when it is needed, such as exporters of traces.
      chunkFileNames: 'bundle-[name].js',
    },
    logLevel: 'warn',
  });
}

/** @param {string} id */
function isPackage(id) {
  return !id.startsWith('.') && !id.startsWith('/');
}

/** With the map that leads back to the TypeScript source. @param {string} id */
function withMap(id) {
  return { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') };
}
