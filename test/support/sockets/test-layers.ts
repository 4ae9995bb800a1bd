import { createSecureContext, TLSSocket, type SecureContextOptions, type TLSSocketOptions } from 'node:tls';

import { BalanceError } from '../../../src/errors.ts';
import type { LayerRun, TransportLayer } from '../../../src/net/layers/layer.ts';
import { handleOf, type Handle, type ReadingOptions } from '../../../src/net/node/node-internals.ts';
import type { TlsSession } from '../../../src/plugin-api/index.ts';
import type { OwnedTransport } from '../../../src/net/transport/owned-transport.ts';
import { PATIENCE_MS } from '../time/patience.ts';

/** Reads up to the first line feed, then does what `decide` says with the line and the bytes behind it. */
export class LineLayer implements TransportLayer {
  readonly name = 'line';
  readonly timeoutMs: number;
  /** Lines that were seen, in their order. */
  readonly seen: string[] = [];
  /** Connections that were ended before the layer had answered. */
  stopped = 0;
  readonly #consumes: boolean;

  /** `consumes`: the protocol does not get the line. */
  constructor({ consumes = false, timeoutMs = PATIENCE_MS } = {}) {
    this.#consumes = consumes;
    this.timeoutMs = timeoutMs;
  }

  open(
    raw: OwnedTransport,
    ready: (transport: OwnedTransport) => void,
    failed: (error: BalanceError) => void,
  ): LayerRun {
    let read: Buffer = Buffer.alloc(0);
    raw.read({
      data: (bytes, start, end) => {
        read = Buffer.concat([read, bytes.subarray(start, end)]);
        const lineEnd = read.indexOf('\n');
        if (lineEnd < 0) return;
        const line = read.toString('latin1', 0, lineEnd);
        this.seen.push(line);
        if (line === 'bad') {
          failed(new BalanceError('bad_request', 'a bad line'));
          return;
        }
        if (line.startsWith('from ')) raw.peer = { address: line.slice(5), port: 7 };
        if (line.startsWith('to ')) raw.route = { upstream: line.slice(3), sni: undefined };
        raw.releaseReader(this.#consumes ? read.subarray(lineEnd + 1) : read);
        ready(raw);
      },
      end: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
    });
    return {
      destroy: () => {
        this.stopped += 1;
      },
    };
  }
}

/** Reads the first bytes and gives them back. */
export class PeekLayer implements TransportLayer {
  readonly name = 'peek';
  readonly timeoutMs = PATIENCE_MS;

  open(raw: OwnedTransport, ready: (transport: OwnedTransport) => void): undefined {
    raw.read({
      data: (bytes, start, end) => {
        raw.releaseReader(Buffer.from(bytes.subarray(start, end)));
        ready(raw);
      },
      end: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
    });
  }
}

/** Answers when the test says so, and does not read. */
export class WaitingLayer implements TransportLayer {
  readonly name = 'wait';
  readonly timeoutMs: number;
  /** Lets the connections go on that wait, in the order in which they came. */
  readonly waiting: (() => void)[] = [];
  stopped = 0;

  constructor(timeoutMs = PATIENCE_MS) {
    this.timeoutMs = timeoutMs;
  }

  open(raw: OwnedTransport, ready: (transport: OwnedTransport) => void): LayerRun {
    raw.read({
      data: () => undefined,
      end: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
    });
    raw.pause();
    this.waiting.push(() => {
      ready(raw);
    });
    return {
      destroy: () => {
        this.stopped += 1;
      },
    };
  }
}

/** Says what TLS agreed on, over a connection that is not encrypted. It takes nothing of what the client sends. */
export class ClaimedTlsLayer implements TransportLayer {
  readonly name = 'claimed TLS';
  readonly timeoutMs = PATIENCE_MS;
  /** What the next connections have; undefined for none. */
  session: TlsSession | undefined;

  constructor(session: TlsSession | undefined) {
    this.session = session;
  }

  open(raw: OwnedTransport, ready: (transport: OwnedTransport) => void): undefined {
    raw.tls = this.session;
    ready(raw);
  }
}

/** Terminates TLS over the accepted handle, as a layer of the proxy will. */
export class TlsLayer implements TransportLayer {
  readonly name = 'TLS handshake';
  readonly timeoutMs = PATIENCE_MS;
  readonly #secureContext;

  constructor(options: SecureContextOptions) {
    this.#secureContext = createSecureContext(options);
  }

  open(
    raw: OwnedTransport,
    ready: (transport: OwnedTransport) => void,
    failed: (error: BalanceError) => void,
  ): LayerRun | undefined {
    let socket: AcceptedTls | undefined;
    const isReplaced = raw.replaceSocket((handle, onread, unread) => {
      socket = new AcceptedTls(handle, onread, this.#secureContext);
      const encrypted = handleOf(socket) as { receive(bytes: Buffer): void };
      for (const bytes of unread) encrypted.receive(bytes);
      return socket;
    });
    if (!isReplaced || socket === undefined) {
      failed(new BalanceError('internal', 'no handle'));
      return undefined;
    }
    const made = socket;
    made.on('secure', () => {
      raw.tls = {
        version: made.getProtocol() ?? '',
        cipher: made.getCipher().standardName,
        alpn: undefined,
        sni: undefined,
        certificate: undefined,
        resumed: made.isSessionReused(),
        allowsHost: () => true,
      };
      ready(raw);
    });
    made.on('error', (error: Error) => {
      failed(new BalanceError('bad_request', error.message));
    });
    raw.read({
      data: () => undefined,
      end: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
    });
    return undefined;
  }
}

class AcceptedTls extends TLSSocket {
  constructor(handle: Handle, onread: ReadingOptions, secureContext: TLSSocketOptions['secureContext']) {
    super(
      undefined as never,
      { isServer: true, secureContext, accepted: handle, onread, allowHalfOpen: true } as never,
    );
    const own = this as unknown as { connecting: boolean };
    const wrapped = handleOf(this) as { reading: boolean };
    wrapped.reading = false;
    own.connecting = false;
  }

  /** Node.js makes a handle of its own here when it is given none. */
  _wrapHandle(_wrap: unknown, _handle: unknown, hasActiveWrite: boolean): unknown {
    const own = this as unknown as { _tlsOptions: { accepted: Handle } };
    const parent = TLSSocket.prototype as unknown as {
      _wrapHandle(wrap: null, handle: Handle, hasActiveWrite: boolean): unknown;
    };
    return parent._wrapHandle.call(this, null, own._tlsOptions.accepted, hasActiveWrite);
  }
}
