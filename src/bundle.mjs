// Joins the compiled files that the program and each of its threads import into one file for each part; prepare.mjs calls this. Importing 550
// files one by one keeps a thread busy for half a second before it serves, and most of that time goes into finding and opening them.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** What is joined: all that these files import. The result lies beside each as `bundle.js`. */
const ENTRIES = [
  'src/cli/run-program.js',
  'src/app/worker/worker-entry.js',
  'src/config/load/load-worker.js',
  'plugins/http/index.js',
  'plugins/tcp/index.js',
];

/** What the proxy and plugins both import stays in its own files: there must be one of each, since errors are told apart by their class. */
const SHARED = ['plugin-api/', 'errors/', 'errors.js', 'readings/'].map((name) => join(dist, 'src', name));

for (const entry of ENTRIES) {
  const dir = join(dist, dirname(entry));
  await build({
    input: { bundle: join(dist, entry) },
    platform: 'node',
    external: (id) => isPackage(id) || SHARED.some((path) => id.startsWith(path)),
    plugins: [{ name: 'source-maps', load: { filter: { id: /\.js$/ }, handler: (id) => compiled(id, dir) } }],
    output: {
      dir,
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

/**
 * A compiled file with the map that leads back to its TypeScript source. A path that its code finds from its own place is found from there also
 * when the code lies in `folder`.
 *
 * @param {string} id @param {string} folder
 */
function compiled(id, folder) {
  const place = relative(folder, id).split(sep).join('/');
  const code = readFileSync(id, 'utf8').replaceAll(
    'import.meta.url',
    `new URL(${JSON.stringify(`./${place}`)}, import.meta.url).href`,
  );
  return { code, map: readFileSync(`${id}.map`, 'utf8') };
}
