import { basename, dirname, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { PluginSource } from '../source/plugin-source.ts';

/** Where in a plugin a stack begins, as `lib/frames.mjs:3:7`; '' when it leads to none of its files. */
export function locationInPlugin({ file, folder }: PluginSource, stack: string): string {
  const root = folder ?? file;
  for (const start of [pathToFileURL(root).href, root]) {
    const found = new RegExp(`${escaped(start)}(/[^\\s?:)]*)?(?:\\?[^\\s:)]*)?((?::\\d+)+)`).exec(stack);
    if (found === null) continue;
    const [, below = '', position = ''] = found;
    return `${below === '' ? basename(file) : decoded(below.slice(1))}${position}`;
  }
  return '';
}

/** A file of a plugin as its place in it. */
export function nameInPlugin({ file, folder }: PluginSource, path: string): string {
  return relative(folder ?? dirname(file), path);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
