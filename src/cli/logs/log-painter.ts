import { MS_SUFFIX, type LogLevel } from '../../telemetry/logs/format/log-line.ts';
import { durationText } from '../../plugin-api/values/duration-text.ts';
import { jsonDocument, textMessage, textValue } from '../../telemetry/logs/format/log-text.ts';
import type { LogEntry } from './log-entry.ts';

/** The looks of the parts of a line on a terminal. */
type Style = 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
};
const LEVEL_STYLES: Readonly<Record<LogLevel, Style>> = {
  debug: 'blue',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};
const LEVEL_WIDTH = 5;
/** Fields that the headline of a line shows already. */
const HEADLINE_FIELDS: Readonly<Record<LogEntry['kind'], ReadonlySet<string>>> = {
  message: new Set(['timestamp', 'level', 'message']),
  exchange: new Set([
    'timestamp',
    'level',
    'message',
    'method',
    'path',
    'status',
    'duration_ms',
    'bytes',
    'client_ip',
    'backend',
  ]),
  tunnel: new Set([
    'timestamp',
    'level',
    'message',
    'protocol',
    'duration_ms',
    'bytes_received',
    'bytes_sent',
    'client_ip',
    'backend',
  ]),
};

/** Writes log entries for people to read. No value can end the line or control the terminal, whatever it holds. */
export class LogPainter {
  readonly #colours: boolean;
  readonly #isTerminal: boolean;

  constructor(options: { readonly colours: boolean; readonly isTerminal: boolean }) {
    this.#colours = options.colours;
    this.#isTerminal = options.isTerminal;
  }

  /** Writes an entry as one line, without a line feed. */
  entry({ prefix, fields, kind, level }: LogEntry): string {
    const parts = [
      this.#paint('dim', timeOf(fields['timestamp'])),
      this.#paint(LEVEL_STYLES[level], level.toUpperCase().padEnd(LEVEL_WIDTH)),
      ...this.#headline(fields, kind),
    ];
    for (const [key, value] of Object.entries(fields)) {
      if (HEADLINE_FIELDS[kind].has(key) || value === undefined || value === '') continue;
      parts.push(this.#field(key, value));
    }
    return textMessage(prefix) + parts.filter((part) => part !== '').join(' ');
  }

  /** Writes a line that is no entry. For a terminal, control characters are replaced. */
  text(line: string): string {
    return this.#isTerminal ? line.split('\t').map(textMessage).join('\t') : line;
  }

  #headline(fields: LogEntry['fields'], kind: LogEntry['kind']): string[] {
    if (kind === 'message') return [this.#paint('bold', textMessage(plain(fields['message'])))];
    const fromTo = `${word(fields['client_ip'])} → ${word(fields['backend'])}`;
    const duration = fields['duration_ms'] === undefined ? '' : durationText(Number(fields['duration_ms']));
    if (kind === 'tunnel') {
      const bytes = `${word(fields['bytes_received'])}B in, ${word(fields['bytes_sent'])}B out`;
      return [this.#paint('bold', `tunnel ${word(fields['protocol'])}`), duration, bytes, fromTo];
    }
    const status = Number(fields['status']);
    const style = status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green';
    return [
      this.#paint('bold', `${word(fields['method'])} ${word(fields['path'])}`),
      this.#paint(style, String(status)),
      duration,
      fields['bytes'] === undefined ? '' : `${word(fields['bytes'])}B`,
      fromTo,
    ];
  }

  #field(key: string, value: unknown): string {
    const isDuration = key.endsWith(MS_SUFFIX) && typeof value === 'number';
    const name = textMessage(isDuration ? key.slice(0, -MS_SUFFIX.length) : key);
    return `${this.#paint('cyan', name)}=${isDuration ? durationText(value) : word(value)}`;
  }

  #paint(style: Style, text: string): string {
    if (!this.#colours || text === '') return text;
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }
}

/** Writes `2025-11-17T15:00:01Z` as `2025-11-17 15:00:01`. */
function timeOf(timestamp: unknown): string {
  return typeof timestamp === 'string' ? textMessage(timestamp.replace(/^(\S+)T(\S+)Z$/, '$1 $2')) : '';
}

function word(value: unknown): string {
  return value === undefined ? '-' : textValue(plain(value));
}

function plain(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : jsonDocument(value);
}
