// Runs before `npm start` and `npm test`: installs what the lock file asks for and compiles what changed.
// Plain JavaScript without dependencies, because on a fresh clone there is nothing else yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiledFolders = ['src', 'plugins'];
const stampFile = join(root, 'dist', '.sources');
/** Holds the pid of who prepares; the others wait for it, and find all done. */
const lockFile = join(root, 'dist', '.preparing');
const LOOK_INTERVAL_MS = 100;
/** Longer than any install and build. After it a lock is of a process whose pid somebody else has by now. */
const LOCK_LIMIT_MS = 600_000;

if (!isPrepared()) {
  lock();
  process.on('exit', unlock);
  if (!isInstalled()) install();
  // Before it is compiled: what is edited meanwhile is compiled the next time.
  const sources = fingerprint();
  if (sources !== readOr(stampFile, '')) build(sources);
}

function isPrepared() {
  return isInstalled() && fingerprint() === readOr(stampFile, '');
}

/** Two at once, such as `npm start` beside `npm test`, would write over each other's files. */
function lock() {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const untilMs = Date.now() + LOCK_LIMIT_MS;
  while (!isLocked()) {
    const holder = Number(readOr(lockFile, '0'));
    if (!isAlive(holder) || Date.now() > untilMs) rmSync(lockFile, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_INTERVAL_MS);
  }
}

function isLocked() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function unlock() {
  if (readOr(lockFile, '') === String(process.pid)) rmSync(lockFile, { force: true });
}

/** Whether there is a process with that pid. 0 stands for one that has not written its pid yet. @param {number} pid */
function isAlive(pid) {
  try {
    return pid === 0 || process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

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
  run(process.execPath, [join(root, 'src', 'bundle.mjs')], 'the compiled files could not be joined');
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
