// Runs before `npm start` and `npm test`: installs what the lock file asks for and compiles what changed.
// Plain JavaScript without dependencies, because on a fresh clone there is nothing else yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiledFolders = ['src', 'plugins'];
const stampFile = join(root, 'dist', '.sources');

if (!isInstalled()) install();
const sources = fingerprint();
if (sources !== readOr(stampFile, '')) build(sources);

/**
 * Whether node_modules holds the versions of the lock file. npm leaves a list of what it installed;
 * comparing it, instead of file times, survives clones, copies and `npm install` run by hand.
 */
function isInstalled() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional === true || installed[path]?.version === entry.version,
  );
}

/** @param {string} lockFile @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesOf(lockFile) {
  return JSON.parse(readOr(lockFile, '{}')).packages ?? {};
}

function install() {
  console.log('Installing dependencies (npm ci) …');
  // The compiler is a development dependency, so NODE_ENV=production must not leave it out.
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed');
}

/** @param {string} sources */
function build(sources) {
  console.log('Compiling TypeScript …');
  rmSync(stampFile, { force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--pretty', 'false'], 'the build failed');
  for (const folder of compiledFolders) removeLeftOvers(folder);
  for (const program of Object.values(programs())) chmodSync(join(root, program), 0o755);
  writeFileSync(stampFile, sources);
}

/** The commands of the package. npx makes them executable once, and not again after dist was made anew. @returns {Record<string, string>} */
function programs() {
  return JSON.parse(readOr(join(root, 'package.json'), '{}')).bin ?? {};
}

/** Removes compiled files whose source is gone: the plugin loader would go on loading them. @param {string} folder */
function removeLeftOvers(folder) {
  for (const file of filesBelow(join(root, 'dist', folder))) {
    const source = join(root, file.slice(join(root, 'dist').length)).replace(/\.(d\.ts|js\.map|js)$/, '.ts');
    if (!existsSync(source)) rmSync(file);
  }
}

/** Paths, sizes and times of everything that the compiled files depend on. */
function fingerprint() {
  const hash = createHash('sha1');
  const files = [...compiledFolders, 'schemas'].flatMap((folder) => filesBelow(join(root, folder)));
  for (const file of [...files, join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json')]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}:${size}:${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Runs a command silently; shows what it printed only when it failed. @param {string} command @param {string[]} args @param {string} failure */
function run(command, args, failure) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  console.error(`balance: ${failure}${result.error === undefined ? '' : `: ${result.error.message}`}`);
  process.exit(1);
}

/** @param {string} file @param {string} otherwise */
function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
