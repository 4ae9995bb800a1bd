import type { LogOutput, WriteDone } from '../telemetry/logs/output/log-output.ts';

/** Hands log lines to a function of the program, one call a line, without the line's end. */
export class FunctionOutput implements LogOutput {
  readonly #takeLine: (line: string) => void;

  constructor(takeLine: (line: string) => void) {
    this.#takeLine = takeLine;
  }

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    // Not before this returned: whoever writes does not expect its answer at once.
    setImmediate(() => {
      this.#hand(bytes, offset);
      done(undefined, bytes.length);
    });
  }

  writeNow(bytes: Buffer): number {
    this.#hand(bytes, 0);
    return bytes.length;
  }

  reopen(): void {
    // It is no file.
  }

  close(): void {
    // The program's function needs no end.
  }

  #hand(bytes: Buffer, offset: number): void {
    for (const line of bytes.toString('utf8', offset).split('\n')) {
      if (line !== '') this.#tell(line);
    }
  }

  /** An error that the program's function throws is for the program to see, and must not keep the other lines from it. */
  #tell(line: string): void {
    try {
      this.#takeLine(line);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
