import { performance } from 'node:perf_hooks';

import type { ByteStream, Connection } from '../../../../src/plugin-api/index.ts';
import type { TakingLimits } from '../../message/message-limits.ts';
import type { ClientTaking } from './client-taking.ts';

/** How often a lingering connection is checked; also the longest silence of a client after the last response. */
export const LINGER_LOOK_MS = 5_000;
/** A client that sends at least this many bytes between two checks is still uploading. */
const LEAST_BYTES = 4 * 1024;
/** A connection lingers no longer than this, and discards no more bytes than this. No upload that a client means to finish is so large. */
const LONGEST_MS = 300_000;
const MOST_BYTES = 64 * 1024 ** 3;

/**
 * The end of a connection after its last response. The client may still be sending, for instance a large body that was refused by its
 * length. Its bytes are read and discarded: closing a socket with unread bytes resets it, and a reset destroys the response before a client
 * gets it that reads only after it has sent everything (RFC 9112 9.6).
 */
export class Lingering {
  readonly #stream: ByteStream;
  readonly #taking: ClientTaking;
  #endsAtMs = performance.now() + LONGEST_MS;
  #received = 0;
  #receivedBefore = 0;
  /** How many bytes waited to be sent at the last check. */
  #unsent: number;

  constructor(stream: ByteStream, taking: ClientTaking) {
    this.#stream = stream;
    this.#taking = taking;
    this.#unsent = stream.writableLength;
  }

  /**
   * Ends the proxy's side of a connection. `mayStillSend`: the client may still be sending. Otherwise there is nothing to wait for, and the
   * connection is closed once everything is sent.
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

  /** More bytes came, and were discarded. */
  received(bytes: number): void {
    this.#received += bytes;
    if (this.#received > MOST_BYTES) this.#stream.destroy();
  }

  /** The proxy or its listener is about to end: the client gets only one more interval. */
  hurry(): void {
    this.#endsAtMs = Math.min(this.#endsAtMs, performance.now() + LINGER_LOOK_MS);
  }

  /**
   * Called each {@link LINGER_LOOK_MS}: true once the client neither takes the rest of the response nor sends more, or once it has done so
   * for too long.
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
