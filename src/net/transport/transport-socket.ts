import type { ConnectionRoute, Endpoint, ProxyHeader, TlsSession } from '../../plugin-api/index.ts';
import { LocalEnd, localEndOf, peerOf, UNIX_END } from './endpoints.ts';
import type { StreamSocket } from './stream-socket.ts';
import type { TransportWriter } from './transport-writer.ts';

/** The part of a transport that knows the ends of the connection, counts bytes, and sends: it writes, and ends our direction or both. */
export class TransportSocket {
  /** Set by a layer that made a TLS handshake. */
  tls: TlsSession | undefined = undefined;
  /** Set by a layer that read a PROXY header. */
  proxy: ProxyHeader | undefined = undefined;
  /** Set by a layer that read a ClientHello, when the connection is passed on undecrypted. */
  route: ConnectionRoute | undefined = undefined;
  /** Undefined before the transport has its socket. */
  protected socket: StreamSocket | undefined = undefined;
  protected writer: TransportWriter | undefined = undefined;
  /** True when we have ended our direction, or both. */
  protected ended = false;
  /** True after the socket has closed. */
  protected closed = false;
  #peer: Endpoint | undefined;
  #local: Endpoint | undefined;

  /** Reads the client's address now, because later the socket may be closed. `local`, or else `port`, is our end as the listener knows it. */
  noteEnds(local: Endpoint | undefined, port: number): void {
    if (this.socket === undefined) return;
    this.#peer = peerOf(this.socket);
    this.#local = local ?? new LocalEnd(port, this.socket);
  }

  get peer(): Endpoint {
    return (this.#peer ??= this.socket === undefined ? UNIX_END : peerOf(this.socket));
  }

  set peer(peer: Endpoint) {
    this.#peer = peer;
  }

  get local(): Endpoint {
    return (this.#local ??= this.socket === undefined ? UNIX_END : localEndOf(this.socket));
  }

  set local(local: Endpoint) {
    this.#local = local;
  }

  get destroyed(): boolean {
    return this.closed || (this.socket?.destroyed ?? false);
  }

  get writeEnded(): boolean {
    return this.ended || this.destroyed;
  }

  /** Bytes that arrived, read or not; known after the end too. */
  get bytesReceived(): number {
    return this.socket?.bytesRead ?? 0;
  }

  /** Bytes that were written, sent or not; known after the end too. */
  get bytesSent(): number {
    return (this.socket?.bytesWritten ?? 0) + (this.writer?.held ?? 0);
  }

  get writableLength(): number {
    return this.writer?.length ?? 0;
  }

  get bytesTaken(): number {
    return this.writer?.taken ?? 0;
  }

  writeText(text: string): boolean {
    return this.ended || this.writer === undefined || this.writer.writeText(text);
  }

  write(bytes: Uint8Array): boolean {
    return this.ended || this.writer === undefined || this.writer.write(bytes);
  }

  writeBorrowed(bytes: Buffer, start: number, end: number): boolean {
    return this.ended || this.writer === undefined || this.writer.writeBorrowed(bytes, start, end);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.writer === undefined) this.socket?.end();
    else this.writer.end();
  }

  close(): void {
    this.ended = true;
    if (this.writer === undefined) this.socket?.destroy();
    else this.writer.close();
  }
}
