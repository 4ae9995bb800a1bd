import { once } from 'node:events';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';

import type { Address } from '../../../src/config/values/address.ts';
import { DEFAULT_TLS_SETTINGS, type BackendTlsSettings } from '../../../src/config/sockets/tls-settings.ts';
import { BackendContext, type BackendTlsFiles } from '../../../src/net/dial/tls/backend-context.ts';
import type { Dialed } from '../../../src/net/dial/dialer.ts';
import { TlsDialer } from '../../../src/net/dial/tls/tls-dialer.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import type { HandshakeRecord } from '../../../src/readings/handshake.ts';
import { fixedNames } from '../addresses/fixed-names.ts';
import { PATIENCE_MS } from '../time/patience.ts';

/** A TLS server, and what it saw. */
export interface TlsBackend {
  readonly port: number;
  /** Connections whose handshake it finished. */
  readonly secured: TLSSocket[];
  /** Bytes of applications that it got. */
  readonly received: string[];
}

/** @param serve what it does with bytes. Default: it sends them back */
export async function tlsBackend(
  options: TlsOptions,
  serve: (socket: TLSSocket, bytes: Buffer) => unknown = (socket, bytes) => socket.write(bytes),
): Promise<TlsBackend> {
  const secured: TLSSocket[] = [];
  const received: string[] = [];
  const server = createServer(options, (socket) => {
    secured.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received.push(bytes.toString());
      serve(socket, bytes);
    });
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of secured) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, secured, received };
}

/** A dialer with one context, and the handshakes that it reported. */
export class TlsDialLab {
  readonly context: BackendContext;
  readonly records: HandshakeRecord[] = [];
  readonly dialer: TlsDialer;

  constructor(
    files: BackendTlsFiles,
    settings: Partial<BackendTlsSettings> = {},
    more: {
      readonly connectTimeoutMs?: number;
      readonly proxyProtocol?: 'v1' | 'v2';
      readonly names?: Readonly<Record<string, readonly string[]>>;
    } = {},
  ) {
    const { connectTimeoutMs = PATIENCE_MS, proxyProtocol } = more;
    const tls = { ...DEFAULT_TLS_SETTINGS, ...settings };
    this.context = new BackendContext(tls, files);
    this.dialer = new TlsDialer(
      { connectTimeoutMs, keepAliveMs: 60_000, tls, proxyProtocol },
      {
        names: fixedNames(more.names),
        buffers: new ReadBuffers(),
        onFault: () => undefined,
        context: this.context,
        upstream: 'api',
        observer: { handshake: (record) => this.records.push(record) },
      },
    );
  }

  dial(address: Address): Promise<Dialed> {
    return new Promise((resolve, reject) => {
      this.dialer.dial(address, (error, dialed) => {
        if (dialed === undefined) reject(error ?? new Error('nothing was connected'));
        else {
          onTestFinished(() => {
            dialed.transport.destroy();
          });
          resolve(dialed);
        }
      });
    });
  }

  /** The error of a dial that must fail. */
  async failure(address: Address): Promise<Error & { readonly code: string; readonly retryable: boolean }> {
    return this.dial(address).then(
      () => {
        throw new Error('the dial did not fail');
      },
      (error: unknown) => error as Error & { code: string; retryable: boolean },
    );
  }
}

export function tcp(port: number, host = '127.0.0.1'): Address {
  return { kind: 'tcp', host, port };
}
