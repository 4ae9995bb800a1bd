import type { BalanceError } from '../../../src/errors.ts';
import { parseAddress } from '../../../src/config/values/address.ts';
import { SocketDialer } from '../../../src/net/dial/socket-dialer.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import type { SocketUse } from '../../../src/plugin-api/index.ts';
import { BackendState } from '../../../src/upstream/backend/backend-state.ts';
import { PooledSocket } from '../../../src/upstream/pool/pooled-socket.ts';
import type { PoolSettings } from '../../../src/config/sockets/pool-settings.ts';
import { SocketPool, type OtherWorkers } from '../../../src/upstream/pool/socket-pool.ts';
import { owned } from '../owned.ts';
import { PATIENCE_MS } from '../time/patience.ts';
import { RecordingBackend, type BackendScript } from '../peers/recording-backend.ts';
import { fixedNames } from '../addresses/fixed-names.ts';

const SETTINGS: PoolSettings = {
  maxSize: 10,
  minIdle: 0,
  maxIdle: 0,
  maxIdleTimeMs: 60_000,
  maxAgeMs: 0,
  validateOnBorrow: true,
};

export interface PoolLab {
  readonly server: RecordingBackend;
  readonly backend: BackendState;
  readonly pool: SocketPool;
  take(): Promise<PooledSocket>;
}

export interface PoolLabOptions {
  readonly use?: SocketUse;
  readonly script?: BackendScript;
}

/** A pool of a backend that is there; closed at the end of the test. */
export async function poolLab(
  settings: Partial<PoolSettings> = {},
  { use = 'keep-alive', script }: PoolLabOptions = {},
): Promise<PoolLab> {
  const server = owned(await RecordingBackend.start(script));
  return { server, ...poolOf(server.address, settings, use) };
}

/** A pool of whatever is at that address. */
export function poolOf(
  address: string,
  settings: Partial<PoolSettings> = {},
  use: SocketUse = 'keep-alive',
  connectTimeoutMs = PATIENCE_MS,
  others?: OtherWorkers,
) {
  const backend = new BackendState(0, 'backend', parseAddress(address), address);
  const names = fixedNames();
  const parts = { names, buffers: new ReadBuffers(), onFault: () => undefined };
  const dialer = new SocketDialer({ connectTimeoutMs, keepAliveMs: 0 }, parts);
  const pool = owned(new SocketPool(backend, use, { ...SETTINGS, ...settings }, dialer, others));
  return { backend, pool, take: () => takeFrom(pool) };
}

export function takeFrom(pool: SocketPool): Promise<PooledSocket> {
  return new Promise((resolve, reject) => {
    const answers: unknown[] = [];
    const answer = (): void => {
      answers.push(0);
      if (answers.length > 1) reject(new Error('answered twice'));
    };
    pool.take({
      taken: (channel) => {
        answer();
        if (channel instanceof PooledSocket) resolve(channel);
        else reject(new Error('a socket pool gave something else'));
      },
      failed: (error: BalanceError) => {
        answer();
        reject(error);
      },
    });
    if (answers.length > 0) reject(new Error('answered before take() returned'));
  });
}
