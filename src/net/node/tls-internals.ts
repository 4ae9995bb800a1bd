import { randomBytes, randomFillSync } from 'node:crypto';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContext, type TLSSocketOptions } from 'node:tls';

import {
  handleOf,
  isReadableHandle,
  sampleTcpHandle,
  type Handle,
  type ReadingOptions,
} from './node-internals.ts';

/*
 * What the proxy knows about TLS in Node.js beyond its public API: how a TLS socket is made over the handle of an accepted connection,
 * and who gives OpenSSL the keys of session tickets.
 */

/** A key of session tickets. Source: RFC 5077, section 4. */
export interface TicketKey {
  /** 16 bytes that begin each ticket made with it. */
  readonly name: Buffer;
  readonly hmacKey: Buffer;
  /** 16 bytes. */
  readonly aesKey: Buffer;
}

/** Who knows the keys. Neither function may throw: that would end the process. */
export interface TicketKeys {
  /** The key for a new ticket. */
  current(): TicketKey;
  /** The key that a ticket was made with; undefined when it is not known any more. */
  named(name: Buffer): TicketKey | undefined;
}

/** Watches the tickets of a context. Each is known by its initialization vector. No function may throw: that would end the process. */
export interface TicketWatch {
  made(iv: Buffer): void;
  /** Whether a session may be resumed by it. */
  takes(iv: Buffer): boolean;
}

/** Outcomes of OpenSSL's callback. There is none for "unknown key" that Node.js could pass on. */
const USE = 1;
/** In TLS 1.3 a client should use each ticket once (RFC 8446, appendix C.4), so each use must bring a new one. */
const USE_AND_RENEW = 2;
const IV_BYTES = 16;
const HMAC_KEY_BYTES = 32;
const AES_KEY_BYTES = 16;

interface TicketContext {
  enableTicketKeyCallback?: () => void;
  onticketkeycallback?: (name: Buffer, iv: Buffer, isNew: boolean) => unknown[];
}

/** Has a context ask for the key of each ticket. Returns false, without any effect, when this version of Node.js can't. */
export function useTicketKeys(context: SecureContext, keys: TicketKeys, watch?: TicketWatch): boolean {
  const native = context.context as TicketContext;
  if (typeof native.enableTicketKeyCallback !== 'function') return false;
  native.onticketkeycallback = (name, iv, isNew) => {
    if (isNew) {
      const key = keys.current();
      const newIv = randomFillSync(Buffer.allocUnsafe(IV_BYTES));
      watch?.made(newIv);
      return [USE, key.hmacKey, key.aesKey, key.name, newIv];
    }
    if (watch?.takes(iv) === false) return [USE, randomBytes(HMAC_KEY_BYTES), randomBytes(AES_KEY_BYTES)];
    // Node.js needs a key in any case. When it is not that of the ticket, the two do not match, and OpenSSL makes a full handshake.
    const { hmacKey, aesKey } = keys.named(name) ?? keys.current();
    return [USE_AND_RENEW, hmacKey, aesKey];
  };
  native.enableTicketKeyCallback();
  return true;
}

/** Gives a context the keys of its tickets once and for all: 48 bytes, as `ticketKeys` of a `tls.Server`. */
export function setTicketKeys(context: SecureContext, keys: Buffer): void {
  (context.context as { setTicketKeys?: (keys: Buffer) => void }).setTicketKeys?.(keys);
}

/** How the server's side of a TLS connection makes its handshake. */
export interface ServerTlsOptions {
  readonly secureContext: SecureContext;
  /** The protocols that ALPN may choose, preferred ones first; empty: ALPN is not answered. */
  readonly alpn: readonly string[];
  /** Whether the client is asked for a certificate, and whether one is needed. */
  readonly clientCertificate: 'none' | 'asked' | 'needed';
}

/** What a {@link AcceptedTls} is made of. */
export interface AcceptedTlsOptions extends ServerTlsOptions {
  /** The handle of an accepted connection. */
  readonly handle: Handle;
  readonly onread: ReadingOptions;
}

/** The server's side of a TLS connection, whatever it is made over. */
export interface ServerTls extends TLSSocket {
  /** Reads the session just before the socket loses it. */
  session: SessionReader | undefined;
  /** Why the client's certificate is not trusted; undefined when it is, or after the socket was closed. */
  readonly verifyError: Error | undefined;
}

/** Reads what the handshake agreed on, from the socket. */
export interface SessionReader {
  /** The socket is about to lose it: reads what may be asked for later. */
  remember(): void;
}

interface TlsHandle {
  reading?: boolean;
  receive(bytes: Buffer): void;
  verifyError(): Error | null | undefined;
  reset?: (closed: () => void) => number;
}

/**
 * The server's side of a TLS connection, over the handle of an accepted connection. It reads into memory of our own. An ordinary
 * TLS socket over another stream costs half as much again.
 */
export class AcceptedTls extends TLSSocket implements ServerTls {
  /** Set by `resetSocket`. */
  declare resetAndClosing: boolean;
  session: SessionReader | undefined;

  constructor(options: AcceptedTlsOptions) {
    super(
      undefined as never,
      {
        ...socketOptions(options),
        onread: options.onread,
        accepted: options.handle,
      } as never,
    );
    const tls = this.#tls;
    if (tls !== undefined) tls.reading = false;
    // Node.js sets this for a socket that it has not connected itself.
    (this as unknown as { connecting: boolean }).connecting = false;
  }

  /** Hands over what the client sent before this socket was made. */
  receive(received: readonly Buffer[]): void {
    for (const bytes of received) this.#tls?.receive(bytes);
  }

  get verifyError(): Error | undefined {
    return this.#tls?.verifyError() ?? undefined;
  }

  /** Called by Node.js for the handle below the TLS. Makes one of its own when it is given none. */
  _wrapHandle(_wrap: unknown, _handle: unknown, hasActiveWrite: boolean): unknown {
    const { accepted } = (this as unknown as { _tlsOptions: { accepted: Handle } })._tlsOptions;
    const parent = TLSSocket.prototype as unknown as {
      _wrapHandle(wrap: null, handle: Handle, hasActiveWrite: boolean): unknown;
    };
    return parent._wrapHandle.call(this, null, accepted, hasActiveWrite);
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.session?.remember();
    const tls = this.#tls;
    if (this.resetAndClosing && tls !== undefined) {
      const { accepted } = (
        this as unknown as { _tlsOptions: { accepted: { reset?: (closed: () => void) => number } } }
      )._tlsOptions;
      // A TLS handle can't reset the connection, the one below can.
      if (accepted.reset === undefined) this.resetAndClosing = false;
      else tls.reset = (closed) => (accepted.reset as (closed: () => void) => number)(closed);
    }
    super._destroy(error, destroyed);
  }

  get #tls(): TlsHandle | undefined {
    return handleOf(this) as TlsHandle | undefined;
  }
}

/**
 * The server's side of a TLS connection, over any stream, by the public API: for versions of Node.js where {@link AcceptedTls} can't be made. It
 * costs half as much again.
 */
export class StreamedTls extends TLSSocket implements ServerTls {
  session: SessionReader | undefined;

  /** Resets the connection below. */
  readonly resetBelow: () => void;

  constructor(below: Duplex, resetBelow: () => void, options: ServerTlsOptions) {
    super(below, socketOptions(options));
    this.resetBelow = resetBelow;
  }

  get verifyError(): Error | undefined {
    const tls = handleOf(this) as Partial<TlsHandle> | undefined;
    if (tls === undefined) return undefined;
    // Node.js documents no way to ask this of a socket without a server. A certificate that can't be verified is not trusted.
    return tls.verifyError === undefined
      ? new Error('this version of Node.js does not say whether the certificate is trusted')
      : (tls.verifyError() ?? undefined);
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.session?.remember();
    super._destroy(error, destroyed);
  }
}

function socketOptions(options: ServerTlsOptions): TLSSocketOptions & { readonly allowHalfOpen: true } {
  return {
    isServer: true,
    allowHalfOpen: true,
    secureContext: options.secureContext,
    requestCert: options.clientCertificate !== 'none',
    rejectUnauthorized: options.clientCertificate === 'needed',
    ...(options.alpn.length > 0 && { ALPNProtocols: [...options.alpn] }),
  };
}

/** Whether this version of Node.js can make {@link AcceptedTls}. Nothing is sent or opened. */
export function canAcceptTls(): boolean {
  const sample = new TLSSocket(new Duplex(), { isServer: true, secureContext: createSecureContext() });
  sample.on('error', () => undefined);
  const handle = handleOf(sample);
  sample.destroy();
  const hasHandle = isReadableHandle(handle) && 'receive' in handle && 'verifyError' in handle;
  return hasHandle && '_wrapHandle' in TLSSocket.prototype && isReadableHandle(sampleTcpHandle());
}
