import { BalanceError } from '../../errors.ts';
import type { ByteStream, StreamReader, TunnelEnd, TunnelOptions } from '../../plugin-api/index.ts';
import { LazyDeadline } from '../deadline.ts';
import type { Flow } from '../transport/traffic.ts';

/**
 * Joins two streams: bytes go both ways with backpressure, each direction ends on its own (half-close),
 * an error of one side resets the other.
 */
export class Tunnel implements Flow {
  readonly #options: TunnelOptions;
  readonly #idle: LazyDeadline | undefined;
  readonly #fromDownstream: Relay;
  readonly #fromUpstream: Relay;
  #open = 2;
  #error: BalanceError | undefined;
  #endedBy: TunnelEnd | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#fromDownstream = new Relay(this, options.downstream, options.upstream);
    this.#fromUpstream = new Relay(this, options.upstream, options.downstream);
    if (options.early !== undefined) {
      this.#fromDownstream.bytes = options.early.received;
      this.#fromUpstream.bytes = options.early.sent;
    }
    if (options.idleTimeoutMs > 0) {
      this.#idle = new LazyDeadline(() => {
        this.#fail(new BalanceError('idle_timeout', 'no byte moved for too long'));
      });
      this.#idle.set(options.idleTimeoutMs);
    }
    options.downstream.read(this.#fromDownstream);
    options.upstream.read(this.#fromUpstream);
  }

  get bytesReceived(): number {
    return this.#fromDownstream.bytes;
  }

  get bytesSent(): number {
    return this.#fromUpstream.bytes;
  }

  moved(): void {
    this.#idle?.set(this.#options.idleTimeoutMs);
  }

  /** The socket that `relay` reads from has sent all bytes that waited: the opposite side may be read again. */
  drained(relay: Relay): void {
    (relay === this.#fromDownstream ? this.#fromUpstream : this.#fromDownstream).resume();
  }

  ended(relay: Relay): void {
    this.#endedBy ??= this.#sideOf(relay);
  }

  closed(relay: Relay, error: Error | undefined): void {
    const [other, opposite] =
      relay === this.#fromDownstream
        ? [this.#options.upstream, this.#fromUpstream]
        : [this.#options.downstream, this.#fromDownstream];
    if (error instanceof BalanceError) {
      this.#error ??= error;
      this.#endedBy = 'proxy';
    } else if (error !== undefined && this.#error === undefined) {
      this.#endedBy = this.#sideOf(relay);
      this.#error =
        relay === this.#fromDownstream
          ? new BalanceError('client_abort', error.message, { cause: error })
          : new BalanceError('backend_reset', error.message, { cause: error });
    }
    this.#open -= 1;
    if (this.#open === 0) {
      this.#idle?.destroy();
      this.#options.ended({
        bytesReceived: this.bytesReceived,
        bytesSent: this.bytesSent,
        endedBy: this.#endedBy ?? 'proxy',
        error: this.#error,
      });
    } else if (this.#error !== undefined) other.reset();
    // The stream was destroyed from outside: at an orderly end both directions would have ended.
    else if (!relay.ended || !opposite.ended) {
      this.#endedBy = 'proxy';
      other.destroy();
    }
  }

  #sideOf(relay: Relay): TunnelEnd {
    return relay === this.#fromDownstream ? 'client' : 'backend';
  }

  #fail(error: BalanceError): void {
    this.#error ??= error;
    this.#endedBy = 'proxy';
    this.#options.downstream.destroy();
    this.#options.upstream.destroy();
  }
}

/** One direction. */
class Relay implements StreamReader {
  bytes = 0;
  ended = false;
  readonly #tunnel: Tunnel;
  readonly #from: ByteStream;
  readonly #to: ByteStream;
  #waiting = false;

  constructor(tunnel: Tunnel, from: ByteStream, to: ByteStream) {
    this.#tunnel = tunnel;
    this.#from = from;
    this.#to = to;
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    this.#tunnel.moved();
    if (this.#to.writeBorrowed(bytes, start, end)) return;
    this.#waiting = true;
    this.#from.pause();
  }

  end(): void {
    this.ended = true;
    this.#tunnel.ended(this);
    this.#to.end();
  }

  drained(): void {
    this.#tunnel.drained(this);
  }

  resume(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#from.resume();
  }

  closed(error: Error | undefined): void {
    this.#tunnel.closed(this, error);
  }
}
