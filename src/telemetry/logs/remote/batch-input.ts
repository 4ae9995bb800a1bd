import type { LogReport, LogTaken } from '../../../readings/workers/worker-log.ts';
import type { Logging } from '../logging.ts';
import type { HeldOutput } from '../output/log-outputs.ts';

/** Writes the lines of one worker to the outputs of the supervisor. */
export class BatchInput {
  readonly #logging: Pick<Logging, 'hold'>;
  readonly #say: (told: LogTaken) => void;
  readonly #outputs = new Map<number, HeldOutput>();

  /** @param say to the worker */
  constructor(logging: Pick<Logging, 'hold'>, say: (told: LogTaken) => void) {
    this.#logging = logging;
    this.#say = say;
  }

  heard(report: LogReport): void {
    const { output } = report;
    switch (report.kind) {
      case 'log-open':
        this.#outputs.set(output, this.#logging.hold(report.name));
        return;
      case 'log-lines':
        this.#take(output, report.bytes, report.droppedLines);
        return;
      case 'log-close':
        this.#outputs.get(output)?.release();
        this.#outputs.delete(output);
    }
  }

  /** The worker has ended. What it said before is still written. */
  destroy(): void {
    for (const held of this.#outputs.values()) held.release();
    this.#outputs.clear();
  }

  #take(output: number, { buffer, byteOffset, byteLength }: Uint8Array, droppedLines: number): void {
    const held = this.#outputs.get(output);
    if (droppedLines > 0) held?.noteDrops(droppedLines);
    if (byteLength === 0) return;
    held?.take(Buffer.from(buffer, byteOffset, byteLength), () => {
      this.#say({ kind: 'log-taken', output });
    });
  }
}
