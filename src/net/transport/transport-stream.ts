import { Duplex } from 'node:stream';

import type { TlsSession } from '../../plugin-api/index.ts';
import type { OwnedTransport } from './owned-transport.ts';

/** Bytes that were just written still leave after `destroy`, if they are no more than this, and within this time. */
const LAST_WORDS_BYTES = 16 * 1024;
const LAST_WORDS_MS = 1_000;

/**
 * A transport as a stream of Node.js, with what a server of `node:http` asks of its sockets. It copies what it reads, so it is for
 * connections that carry little.
 */
export class TransportStream extends Duplex {
  #transport: OwnedTransport;
  #isOpen = false;
  /** The callback of a write that waits until the transport takes more; undefined while none waits. */
  #sent: (() => void) | undefined;
  #silence: NodeJS.Timeout | undefined;
  #lastWords: NodeJS.Timeout | undefined;
  /** What the transport had sent when the silence began. */
  #bytesTaken = 0;

  constructor(transport: OwnedTransport) {
    // Not when both directions have ended: all that was written may not be sent by then. The transport itself tells when it is over.
    super({ autoDestroy: false });
    this.#transport = transport;
  }

  /**
   * Begins to read. Before that, the layers of the connection do.
   *
   * @param transport what the layers have made of the transport. Default: the same one
   */
  open(transport: OwnedTransport = this.#transport): void {
    this.#isOpen = true;
    this.#transport = transport;
    transport.read({
      data: (bytes, start, end) => {
        this.#silence?.refresh();
        if (!this.destroyed && !this.push(Buffer.from(bytes.subarray(start, end)))) this.#transport.pause();
      },
      end: () => {
        this.push(null);
      },
      drained: () => {
        this.#endWrite();
      },
      closed: (error) => {
        clearTimeout(this.#lastWords);
        this.destroy(error);
      },
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What the TLS handshake agreed on; undefined without one. */
  get tls(): TlsSession | undefined {
    return this.#transport.tls;
  }

  /** As of `net.Socket`: undefined for a unix socket. */
  get remoteAddress(): string | undefined {
    return this.remotePort === undefined ? undefined : this.#transport.peer.address;
  }

  get remotePort(): number | undefined {
    const { port } = this.#transport.peer;
    return port === 0 ? undefined : port;
  }

  /** As of `net.Socket`: emits 'timeout' when no byte has moved for so long. 0: never. */
  setTimeout(silenceMs: number): this {
    clearTimeout(this.#silence);
    this.#silence = undefined;
    if (silenceMs === 0 || this.destroyed) return this;
    this.#bytesTaken = this.#transport.bytesTaken;
    this.#silence = setTimeout(() => {
      const { bytesTaken } = this.#transport;
      if (bytesTaken === this.#bytesTaken) this.emit('timeout');
      else this.#silence?.refresh();
      this.#bytesTaken = bytesTaken;
    }, silenceMs).unref();
    return this;
  }

  /** As of `net.Socket`: ends both directions when everything is sent. */
  destroySoon(): void {
    if (this.writableFinished) this.#transport.close();
    else this.end(() => this.#transport.close());
  }

  override _read(): void {
    if (this.#isOpen) this.#transport.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, sent: () => void): void {
    this.#silence?.refresh();
    if (this.#transport.write(bytes)) sent();
    else this.#sent = sent;
  }

  override _final(ended: () => void): void {
    this.#transport.end();
    ended();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.setTimeout(0);
    this.#endWrite();
    queueMicrotask(() => {
      this.#leave(error ?? undefined);
    });
    destroyed(error);
  }

  /** A server of `node:http` destroys a client that sent no valid request as soon as it has written why. A TLS handle has not sent it by then. */
  #leave(error: Error | undefined): void {
    const transport = this.#transport;
    if (transport.destroyed) return;
    if (!this.#isOpen || transport.writableLength > LAST_WORDS_BYTES) {
      transport.destroy(error);
      return;
    }
    this.#lastWords = setTimeout(() => {
      transport.destroy(error);
    }, LAST_WORDS_MS).unref();
    transport.close();
  }

  #endWrite(): void {
    const sent = this.#sent;
    this.#sent = undefined;
    this.#silence?.refresh();
    sent?.();
  }
}
