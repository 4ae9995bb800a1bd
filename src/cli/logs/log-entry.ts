import { LOG_LEVELS, type LogLevel } from '../../telemetry/logs/format/log-line.ts';

/** A log line that is a JSON object. A prefix such as the name of a container may stand before it. */
export interface LogEntry {
  readonly prefix: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly kind: 'message' | 'exchange' | 'tunnel';
  readonly level: LogLevel;
}

/** A prefix that tools put before a line: `balance-1  | `, `[pod/balance/main] `. */
const PREFIXED = /^([^{"]{0,200}\s)(\{.*)$/s;
/** The keys of fields in JSON lines, where they differ from the names in filters. */
const JSON_KEYS: Readonly<Record<string, readonly string[]>> = {
  duration: ['duration_ms'],
  bytes: ['bytes', 'bytes_sent'],
};

/** Reads a line. Returns undefined when it is no JSON object. */
export function parseLogEntry(line: string): LogEntry | undefined {
  const [, prefix = '', json = line] = line.startsWith('{') ? [] : (PREFIXED.exec(line) ?? []);
  if (!json.startsWith('{')) return undefined;
  let fields;
  try {
    fields = JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const kind = kindOf(fields);
  return { prefix, fields, kind, level: levelOf(fields, kind) };
}

/** Returns the value of a field, by the name that a filter uses. */
export function readField({ fields }: LogEntry, name: string): string | number | undefined {
  for (const key of JSON_KEYS[name] ?? [name]) {
    const value = fields[key];
    if (typeof value === 'string' || typeof value === 'number') return value;
    if (value !== undefined && value !== null) return JSON.stringify(value);
  }
  return undefined;
}

function kindOf(fields: Readonly<Record<string, unknown>>): LogEntry['kind'] {
  const { message } = fields;
  // Access lines may have no message. Lines of other programs have a message of their own.
  if (message === undefined ? 'level' in fields : message !== 'access' && message !== 'tunnel')
    return 'message';
  if (typeof fields['status'] === 'number') return 'exchange';
  return 'ended_by' in fields ? 'tunnel' : 'message';
}

/**
 * All access lines have the same level, so their outcome decides: a failure of the proxy or a backend is an error, a failure of the
 * client a warning.
 */
function levelOf(fields: Readonly<Record<string, unknown>>, kind: LogEntry['kind']): LogLevel {
  if (kind === 'message') return LOG_LEVELS.find((level) => level === fields['level']) ?? 'info';
  const status = Number(fields['status'] ?? 0);
  if (status >= 500) return 'error';
  return status >= 400 || fields['error'] !== undefined ? 'warn' : 'info';
}
