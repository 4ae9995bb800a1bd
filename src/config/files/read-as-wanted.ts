import { formatPath } from '../problems/problem.ts';
import type { Path } from '../problems/problem.ts';
import type { SchemaFinding } from '../schema/schema-check.ts';
import type { EnvReading } from '../document/substitute-env.ts';

/**
 * Changes, in place, each value that consists of one environment variable to the type that the schema wants. So a variable may hold a
 * number or a boolean although `{ }` forces the file to put it in quotes, and a text of digits although it has no quotes.
 *
 * @returns whether any value was changed, so that it has to be checked again
 */
export function readAsWanted(
  value: unknown,
  findings: readonly SchemaFinding[],
  readings: readonly EnvReading[],
): boolean {
  if (readings.length === 0) return false;
  const byPath = new Map(readings.map((reading) => [formatPath(reading.path), reading]));
  let changed = false;
  for (const { keyword, path } of findings) {
    const reading = keyword === 'type' ? byPath.get(formatPath(path)) : undefined;
    if (reading !== undefined && exchange(value, path, reading)) changed = true;
  }
  return changed;
}

function exchange(root: unknown, path: Path, { text, plain }: EnvReading): boolean {
  let owner = root as Record<string | number, unknown> | undefined;
  for (const part of path.slice(0, -1)) owner = owner?.[part] as Record<string | number, unknown> | undefined;
  const key = path.at(-1);
  if (owner === undefined || key === undefined) return false;
  owner[key] = owner[key] === text ? plain : text;
  return true;
}
