import { basename, dirname, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { PluginSource } from '../source/plugin-source.ts';

/** The first location of a stack that is in a file of the plugin, as `lib/frames.mjs:3:7`; '' when there is none. */
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

/** The path of a plugin's file, relative to the plugin. */
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
