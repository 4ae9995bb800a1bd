import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/**
 * Where a config file says that its plugins lie, as an absolute path; undefined when it names no folder. Read before the
 * config is checked, because the check has to know the modes that the plugins bring; what is wrong with the file is the
 * check's business.
 */
export async function pluginDirectory(file: string): Promise<string | undefined> {
  try {
    const content: unknown = parse(await readFile(file, 'utf8'), { logLevel: 'silent' });
    const section = property(content, 'plugins');
    const directory = property(section, 'directory');
    return typeof directory === 'string' ? resolve(dirname(file), directory) : undefined;
  } catch {
    return undefined;
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
