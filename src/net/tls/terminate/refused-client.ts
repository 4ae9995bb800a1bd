import type { StreamReader } from '../../../plugin-api/index.ts';
import type { OwnedTransport } from '../../transport/owned-transport.ts';
import { httpAnswer, isHeadRequest } from './plain-answers.ts';

/** How long the proxy waits for the request that it answers, after the handshake. */
const REQUEST_WAIT_MS = 5_000;
/** How long a client may take to read the answer, and how much of what it sends meanwhile is read. */
const LINGER_MS = 2_000;
const LINGER_BYTES = 256 * 1024;

/**
 * The end of a connection that the protocol never gets. The client is told why, if there is a way, and is given time to read that: its
 * bytes are read and dropped, because unread ones would make the system reset the connection, and the answer be lost.
 */
export class RefusedClient implements StreamReader {
  readonly #raw: OwnedTransport;
  readonly #ended: () => void;
  /** The answer to the first request; undefined once it was given, and when there is none. */
  #sentence: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lingerBytes = 0;

  /** @param ended called once, when there is nothing left to wait for */
  constructor(raw: OwnedTransport, ended: () => void) {
    this.#raw = raw;
    this.#ended = ended;
    raw.read(this);
  }

  /** Answers the first HTTP request of the client with 400 and this sentence. A client that sends none is told nothing. */
  answerRequest(sentence: string): void {
    this.#sentence = sentence;
    this.#timer = setTimeout(() => {
      this.say();
    }, REQUEST_WAIT_MS);
  }

  /** Ends our direction as soon as the event at hand is over, such as the end of a handshake. */
  endSoon(): void {
    this.#timer = setTimeout(() => {
      this.say();
    }, 0);
  }

  /** Says the last words, if any, and ends our direction: over TLS with `close_notify`. */
  say(words?: string | Buffer): void {
    this.#sentence = undefined;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#finish, LINGER_MS);
    if (typeof words === 'string') this.#raw.writeText(words);
    else if (words !== undefined) this.#raw.write(words);
    this.#raw.end();
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#sentence !== undefined) this.say(httpAnswer(this.#sentence, !isHeadRequest(bytes, start, end)));
    this.#lingerBytes += end - start;
    if (this.#lingerBytes > LINGER_BYTES) this.#raw.pause();
  }

  end(): void {
    // With all that is not sent yet.
    this.#raw.close();
  }

  drained(): void {
    // All that is written fits into the system's buffers.
  }

  closed(): void {
    this.#finish();
  }

  /** The connection has ended, or took too long. */
  destroy(): void {
    clearTimeout(this.#timer);
  }

  readonly #finish = (): void => {
    clearTimeout(this.#timer);
    this.#ended();
  };
}
