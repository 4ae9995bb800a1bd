import type { StreamReader } from '../../../src/plugin-api/index.ts';
import { eventually } from '../time/eventually.ts';

/** A reader that keeps what it is told, in order. */
export class RecordingReader implements StreamReader {
  /** `data`, `end`, `drained`, `closed` in the order of the calls; runs of `data` count once. */
  readonly calls: string[] = [];
  readonly errors: (Error | undefined)[] = [];
  readonly #chunks: Buffer[] = [];
  /** Called with each piece of text that arrives. */
  onData: ((text: string) => void) | undefined;

  data(bytes: Buffer, start: number, end: number): void {
    if (this.calls.at(-1) !== 'data') this.calls.push('data');
    const piece = Buffer.from(bytes.subarray(start, end));
    this.#chunks.push(piece);
    this.onData?.(piece.toString('latin1'));
  }

  end(): void {
    this.calls.push('end');
  }

  drained(): void {
    this.calls.push('drained');
  }

  closed(error: Error | undefined): void {
    this.calls.push('closed');
    this.errors.push(error);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  get length(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }

  async untilText(text: string): Promise<void> {
    await eventually(() => this.text.includes(text), `${JSON.stringify(text)} arrived`);
  }

  async untilCalled(call: 'end' | 'drained' | 'closed'): Promise<void> {
    await eventually(() => this.calls.includes(call), `${call} was called`);
  }
}
