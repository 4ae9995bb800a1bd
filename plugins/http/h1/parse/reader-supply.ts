import type { HeadRecorder } from './head-recorder.ts';
import { RESPONSE, type ParserSupply } from '../llhttp/llhttp.ts';
import type { HeadLimits } from '../../message/message-limits.ts';
import { MessageReader } from './message-reader.ts';

/** How large the head of a backend's response may be. */
const RESPONSE_LIMITS: HeadLimits = { headerSize: 256 * 1024, headerCount: 1_000 };
/** How many free readers are kept for further responses. */
const MOST_RESTING = 1_024;

/** Gives out readers of responses. Readers are used again, because making one costs more than reading a small response. */
export class ReaderSupply {
  /** The memory that sockets may read responses into, so that they are parsed in place. */
  readonly buffer: Buffer;
  readonly #parsers: ParserSupply;
  readonly #recorder: HeadRecorder;
  readonly #resting: MessageReader[] = [];

  constructor(parsers: ParserSupply, recorder: HeadRecorder) {
    this.buffer = parsers.first.arena;
    this.#parsers = parsers;
    this.#recorder = recorder;
  }

  take(): MessageReader {
    const resting = this.#resting.pop();
    if (resting !== undefined) return resting;
    return new MessageReader(this.#parsers, this.#recorder, RESPONSE, RESPONSE_LIMITS);
  }

  release(reader: MessageReader): void {
    reader.finish();
    if (this.#resting.length < MOST_RESTING) this.#resting.push(reader);
  }
}
