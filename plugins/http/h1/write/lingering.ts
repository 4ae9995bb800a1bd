import { performance } from 'node:perf_hooks';

import type { ByteStream, Connection } from '../../../../src/plugin-api/index.ts';
import type { TakingLimits } from '../../message/message-limits.ts';
import type { ClientTaking } from './client-taking.ts';

/** How often a lingering connection is looked at; also the longest silence of a client after our last response. */
export const LINGER_LOOK_MS = 5_000;
/** A client that sends at least this much between two looks is still uploading. */
const LEAST_BYTES = 4 * 1024;
/** A connection lingers no longer than this, and throws away no more. No upload that a client means to finish has so many bytes. */
const LONGEST_MS = 300_000;
const MOST_BYTES = 64 * 1024 ** 3;

/**
 * The rest of a connection after its last response. The client may still be sending, for instance a large body that was
 * refused by its length: what comes is read and thrown away, because a connection that is closed over unread bytes is reset,
 * and a reset takes the response from a client that only reads it once it has sent everything (RFC 9112 9.6).
 */
export class Lingering {
  readonly #stream: ByteStream;
  readonly #taking: ClientTaking;
  #endsAtMs = performance.now() + LONGEST_MS;
  #received = 0;
  #receivedBefore = 0;
  /** How many bytes waited to be sent at the last look. */
  #unsent: number;

  constructor(stream: ByteStream, taking: ClientTaking) {
    this.#stream = stream;
    this.#taking = taking;
    this.#unsent = stream.writableLength;
  }

  /**
   * Ends our side of a connection. `mayStillSend`: the client may still be sending. Otherwise there is nothing to wait for, and
   * the connection is closed once all is sent.
   */
  static begin(
    { transport: stream, draining }: Connection,
    taking: ClientTaking,
    limits: TakingLimits,
    mayStillSend: boolean,
  ): Lingering {
    if (mayStillSend) stream.end();
    else stream.close();
    if (stream.writableLength > 0) taking.begin(limits);
    const lingering = new Lingering(stream, taking);
    if (draining) lingering.hurry();
    return lingering;
  }

  /** More bytes came, which are thrown away. */
  received(bytes: number): void {
    this.#received += bytes;
    if (this.#received > MOST_BYTES) this.#stream.destroy();
  }

  /** The proxy, or its listener, is about to end: the client gets one more interval. */
  hurry(): void {
    this.#endsAtMs = Math.min(this.#endsAtMs, performance.now() + LINGER_LOOK_MS);
  }

  /**
   * To be asked each {@link LINGER_LOOK_MS}: true once the client neither takes the rest of the response nor sends on, or has done
   * so for too long.
   */
  isOver(): boolean {
    const unsent = this.#stream.writableLength;
    const hasTaken = unsent !== this.#unsent;
    const isSending = this.#received - this.#receivedBefore >= LEAST_BYTES;
    this.#unsent = unsent;
    this.#receivedBefore = this.#received;
    if (unsent > 0) return !this.#taking.keepsPace();
    return !(hasTaken || isSending) || performance.now() >= this.#endsAtMs;
  }
}
