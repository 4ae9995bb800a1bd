import { TEXT_CONFIG } from '../runtime/reload/load/text-config.ts';
import { ConfigError } from '../config/load/config-error.ts';
import { formatPath, type Path, type Problem } from '../config/problems/problem.ts';

/**
 * Writes a config that a program gives as a value as the text of a config file. Keys whose value is undefined are left out.
 *
 * @throws ConfigError with everything that no file could hold: functions, dates, cycles, NaN
 */
export function configText(config: unknown): string {
  const found: Problem[] = [];
  check(config, [], new Set(), (path, message) => {
    found.push({ file: TEXT_CONFIG, line: 0, column: 0, path: formatPath(path), message });
  });
  if (found.length > 0) throw new ConfigError(found);
  return JSON.stringify(config);
}

/** Deeper than any config is. A value that is nested much deeper would overflow the stack. */
const MAX_DEPTH = 100;

type Complain = (path: Path, message: string) => void;

/** @param around the objects that hold the value, to find cycles */
function check(value: unknown, path: Path, around: Set<object>, complain: Complain): void {
  if (path.length === 0 && !isPlainObject(value)) {
    complain(path, `must be an object with the keys of a config file, not ${kindOf(value)}`);
  } else if (
    value === undefined ||
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean'
  ) {
    return;
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) complain(path, `must be a finite number, not ${String(value)}`);
  } else if (!Array.isArray(value) && !isPlainObject(value)) {
    complain(path, `must be a value that a config file can hold, not ${kindOf(value)}`);
  } else if (around.has(value)) {
    complain(path, 'must not hold itself');
  } else if (path.length > MAX_DEPTH) {
    complain(path.slice(0, 1), `must not be nested more than ${MAX_DEPTH} times`);
  } else {
    around.add(value);
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) check(item, [...path, index], around, complain);
    } else {
      for (const [key, item] of Object.entries(value)) check(item, [...path, key], around, complain);
    }
    around.delete(value);
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (a vm context, a test runner) have an Object.prototype of their own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`;
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  const { constructor }: { readonly constructor: unknown } = value;
  return `a ${typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'class instance'}`;
}
