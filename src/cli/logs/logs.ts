import { createReadStream } from 'node:fs';
import { once } from 'node:events';

import type { CommandContext } from '../process/command-context.ts';
import { exitCode } from '../process/exit-code.ts';
import { followFile } from './followed-file.ts';
import { LineSplitter } from './line-splitter.ts';
import { parseLogEntry } from './log-entry.ts';
import { LogPainter } from './log-painter.ts';
import { selectLogs, type LogSelection } from './log-selection.ts';
import { parseLogsOptions, type LogsOptions } from './logs-options.ts';
import { usage } from '../command-line/usage.ts';

export interface LogsContext extends CommandContext {
  readonly stdin: NodeJS.ReadableStream;
}

/** `balance logs`: shows JSON log lines in a readable form, and other lines as they are. Resolves with the exit code. */
export async function logs(args: readonly string[], context: LogsContext): Promise<number> {
  const request = parseLogsOptions(args);
  if ('help' in request) {
    context.stdout.write(usage);
    return exitCode.ok;
  }
  if ('mistake' in request) {
    context.stderr.write(`balance: ${request.mistake}; see balance --help\n`);
    return exitCode.usage;
  }
  if (request.files.includes('-') && isTerminal(context.stdin)) {
    context.stderr.write('balance: logs reads a file or what is piped into it; see balance --help\n');
    return exitCode.usage;
  }
  const isTerminalOut = isTerminal(context.stdout);
  const painter = new LogPainter({
    isTerminal: isTerminalOut,
    // See no-color.org. Without a terminal, a program may read the lines.
    colours: isTerminalOut && !context.env['NO_COLOR'] && context.env['TERM'] !== 'dumb',
  });
  const printer = new LogPrinter(request, painter, context);
  await printer.run();
  // Without this, a user who sees no line would believe that no line matches.
  if (printer.unread > 0) {
    const lines = printer.unread === 1 ? '1 line is' : `${printer.unread} lines are`;
    context.stderr.write(`balance: ${lines} no JSON, which --filter needs: see logging.format\n`);
  }
  return exitCode.ok;
}

/** Reads, selects and writes lines, no faster than stdout takes them. Stops when stdout is closed. */
class LogPrinter {
  readonly #options: LogsOptions;
  readonly #selection: LogSelection;
  readonly #painter: LogPainter;
  readonly #context: LogsContext;
  readonly #closed = new AbortController();
  #unread = 0;

  constructor(options: LogsOptions, painter: LogPainter, context: LogsContext) {
    this.#options = options;
    this.#selection = selectLogs(options);
    this.#painter = painter;
    this.#context = context;
  }

  /** How many lines the filter could not be applied to, because they are no JSON. */
  get unread(): number {
    return this.#unread;
  }

  async run(): Promise<void> {
    const { stdout } = this.#context;
    const closed = (): void => {
      this.#closed.abort();
    };
    stdout.once('error', closed);
    stdout.once('close', closed);
    try {
      for (const source of this.#sources()) await this.#print(source);
    } finally {
      stdout.removeListener('error', closed);
      stdout.removeListener('close', closed);
    }
  }

  *#sources(): Generator<AsyncIterable<Buffer>> {
    const { files, follow } = this.#options;
    for (const [index, file] of files.entries()) {
      if (file === '-') yield this.#context.stdin as AsyncIterable<Buffer>;
      else if (follow && index === files.length - 1) yield followFile(file, this.#closed.signal);
      else yield createReadStream(file);
    }
  }

  async #print(source: AsyncIterable<Buffer>): Promise<void> {
    const splitter = new LineSplitter();
    for await (const chunk of source) {
      await this.#write(splitter.push(Buffer.from(chunk)));
      if (this.#closed.signal.aborted) return;
    }
    await this.#write(splitter.end());
  }

  async #write(lines: readonly string[]): Promise<void> {
    let text = '';
    for (const line of lines) {
      const shown = this.#shown(line);
      if (shown !== undefined) text += `${shown}\n`;
    }
    const { stdout } = this.#context;
    if (text === '' || this.#closed.signal.aborted || stdout.write(text)) return;
    await once(stdout, 'drain', { signal: this.#closed.signal }).catch(() => undefined);
  }

  #shown(line: string): string | undefined {
    const entry = parseLogEntry(line);
    if (entry === undefined) {
      if (this.#options.filter !== undefined && line !== '') this.#unread += 1;
      return this.#selection.wantsText(line) ? this.#painter.text(line) : undefined;
    }
    return this.#selection.wantsEntry(entry) ? this.#painter.entry(entry) : undefined;
  }
}

function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}
