import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { nameInPlugin } from './location-in-plugin.ts';
import { isIgnoredName, type PluginSource } from '../source/plugin-source.ts';

const CHECK_LIMIT_MS = 5000;
const MAX_FILES = 20;
const JAVASCRIPT = /\.[cm]?js$/;

/**
 * The location of the first syntax error of a plugin, as `lib/frames.mjs:3`; '' when it can't be found. The error of a module
 * that can't be parsed has no location: only the runtime's own check of the file tells it.
 */
export async function syntaxErrorLocation(source: PluginSource): Promise<string> {
  for (const file of await modulesOf(source)) {
    const line = await lineOf(file);
    if (line !== undefined) return `${nameInPlugin(source, file)}:${line}`;
  }
  return '';
}

async function modulesOf({ file, folder }: PluginSource): Promise<string[]> {
  const files = JAVASCRIPT.test(file) ? [file] : [];
  if (folder === undefined) return files;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && files.length < MAX_FILES; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      if (isIgnoredName(entry.name)) continue;
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (JAVASCRIPT.test(entry.name) && path !== file) files.push(path);
    }
  }
  return files.slice(0, MAX_FILES);
}

/** The line of the first syntax error of a file; undefined when there is none. */
function lineOf(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', file], { timeout: CHECK_LIMIT_MS }, (error, _stdout, stderr) => {
      // The first line is the place: the path or the address of the file, a colon, the line.
      const line = /:(\d+)$/.exec(stderr.split('\n')[0] ?? '')?.[1];
      resolve(error === null ? undefined : line);
    });
  });
}
