import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import type { Config } from '../schema/config.generated.ts';
import { systemCodeOf } from '../../errors.ts';
import { formatSize } from '../values/units.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

const MIN_ROTATED_BYTES = 1024;

/** The log outputs are there, and the settings of the access log fit together. */
export function checkLogging(context: CheckContext): void {
  const { logging } = context.config;
  checkOutput(logging.output, ['logging', 'output'], context);
  checkOutput(logging.access_log.output, ['logging', 'access_log', 'output'], context);
  checkRotation(context);
  checkAccessLog(context);
}

function checkOutput(output: string | undefined, path: Path, context: CheckContext): void {
  if (output === undefined || output === 'stdout' || output === 'stderr') return;
  const file = resolve(context.directory, output);
  const folder = dirname(file);
  // A user who only checks a config may have no right to look into the folder that the proxy writes to.
  const folderKind = kindOf(folder);
  if (folderKind === 'missing' || folderKind === 'file') {
    const reason = folderKind === 'file' ? 'is no folder' : 'does not exist';
    context.error(path, `is in ${context.shown(path, folder)}, which ${reason}`);
  } else if (kindOf(file) === 'folder') context.error(path, 'is a folder, not a file');
}

function kindOf(path: string): 'file' | 'folder' | 'missing' | 'unknown' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const code = systemCodeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown';
  }
}

function checkRotation(context: CheckContext): void {
  const { rotate } = context.config.logging;
  if (rotate === undefined) return;
  if (rotate.max_size < MIN_ROTATED_BYTES) {
    const path = ['logging', 'rotate', 'max_size'];
    context.error(path, `must be at least ${formatSize(MIN_ROTATED_BYTES)}`);
  }
  if (!writesFiles(context.config)) context.warn(['logging', 'rotate'], 'has no effect: no output is a file');
}

function writesFiles({ logging }: Config): boolean {
  const accessOutput = logging.access_log.output ?? logging.output;
  return [logging.output, accessOutput].some((output) => output !== 'stdout' && output !== 'stderr');
}

function checkAccessLog(context: CheckContext): void {
  const { logging, listeners } = context.config;
  const { enabled, format, fields } = logging.access_log;
  const at: Path = ['logging', 'access_log'];
  if (format !== 'common' && format !== 'combined') return;
  if (fields !== undefined)
    context.error([...at, 'fields'], `can't be chosen: the format ${format} has its own`);
  const withoutLines = listeners.find(({ mode }) => mode !== 'http');
  if (enabled && withoutLines !== undefined)
    context.warn(
      [...at, 'format'],
      `has no lines for tunnels: those of mode ${withoutLines.mode} are not logged`,
    );
}
