import type { LogOutput, WriteDone } from '../../../src/telemetry/logs/output/log-output.ts';

/** A log output in memory that can stall, fail, or take only a few bytes at a time. */
export class RecordedOutput implements LogOutput {
  /** Writes that were begun. */
  writes = 0;
  underWay = 0;
  mostUnderWay = 0;
  closed = false;
  reopened = 0;
  /** Writes get no answer while true. */
  stalled = false;
  /** Each write fails with this while set. */
  error: Error | undefined;
  /** How many bytes one write takes. */
  takesBytes = Number.POSITIVE_INFINITY;
  readonly #chunks: Buffer[] = [];
  readonly #held: (() => void)[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    this.writes++;
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    const answer = (): void => {
      this.underWay--;
      if (this.error !== undefined) {
        done(this.error, offset);
        return;
      }
      const end = Math.min(bytes.length, offset + this.takesBytes);
      this.#chunks.push(Buffer.from(bytes.subarray(offset, end)));
      done(undefined, end);
    };
    if (this.stalled) this.#held.push(answer);
    else setImmediate(answer);
  }

  writeNow(bytes: Buffer): number {
    this.#chunks.push(Buffer.from(bytes));
    return bytes.length;
  }

  reopen(): void {
    this.reopened++;
  }

  /** Ends the stall. */
  resume(): void {
    this.stalled = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  close(): void {
    this.closed = true;
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
