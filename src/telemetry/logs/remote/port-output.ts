import type { LogReport } from '../../../readings/workers/worker-log.ts';
import type { LogOutput, WriteDone } from '../output/log-output.ts';

/** Sends a report to the supervisor. What `transfer` names moves with it. */
export type SayLogReport = (report: LogReport, transfer?: readonly ArrayBuffer[]) => void;

/** While an output stalls, drops are reported this often. */
const DROPS_INTERVAL_MS = 1_000;
const NOTHING = new Uint8Array(0);

/** A worker's way to an output of the supervisor: a batch of lines is one message, and one is under way at a time. */
export class PortOutput implements LogOutput {
  readonly #id: number;
  readonly #say: SayLogReport;
  #taken: (() => void) | undefined;
  #droppedLines = 0;
  #toldDropsAtMs = Number.NEGATIVE_INFINITY;

  /** @param id tells it from the worker's other outputs, those that it has closed included */
  constructor(id: number, name: string, say: SayLogReport) {
    this.#id = id;
    this.#say = say;
    say({ kind: 'log-open', output: id, name });
  }

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    this.#taken = () => {
      done(undefined, bytes.length);
    };
    this.#send(bytes, offset);
  }

  /** The supervisor has taken the batch that was under way. */
  taken(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  writeNow(bytes: Buffer): number {
    this.#send(bytes, 0);
    return bytes.length;
  }

  noteDrop(): void {
    this.#droppedLines += 1;
    const nowMs = performance.now();
    if (nowMs - this.#toldDropsAtMs < DROPS_INTERVAL_MS) return;
    this.#toldDropsAtMs = nowMs;
    this.#report(NOTHING);
  }

  reopen(): void {
    // The supervisor has the file.
  }

  close(): void {
    if (this.#droppedLines > 0) this.#report(NOTHING);
    this.#say({ kind: 'log-close', output: this.#id });
  }

  #send(bytes: Buffer, offset: number): void {
    // A copy, because the bytes belong to the sink, and because a small buffer is part of a larger one.
    const copy = new Uint8Array(bytes.length - offset);
    copy.set(offset === 0 ? bytes : bytes.subarray(offset));
    this.#report(copy, [copy.buffer]);
  }

  #report(bytes: Uint8Array, transfer?: readonly ArrayBuffer[]): void {
    const droppedLines = this.#droppedLines;
    this.#droppedLines = 0;
    this.#say({ kind: 'log-lines', output: this.#id, bytes, droppedLines }, transfer);
  }
}
