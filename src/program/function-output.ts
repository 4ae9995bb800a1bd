import type { LogOutput, WriteDone } from '../telemetry/logs/output/log-output.ts';

/** Gives log lines to a function of the program, one in each call, without the line break. */
export class FunctionOutput implements LogOutput {
  readonly #takeLine: (line: string) => void;

  constructor(takeLine: (line: string) => void) {
    this.#takeLine = takeLine;
  }

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    // Later, because the writer does not expect `done` to be called before this returns.
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

  /** An error that the program's function throws becomes an uncaught exception, so that the program still gets the other lines. */
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
