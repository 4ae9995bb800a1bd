import type { BackendConfig, HealthCheck } from '../config/config.generated.ts';
import { parseAddress } from '../config/address.ts';
import { HealthMonitor } from '../health/health-monitor.ts';
import { healthSettings } from '../health/health-settings.ts';
import type { DialOptions } from '../net/dial.ts';
import type { Logger, SocketUse } from '../plugin-api/index.ts';
import { BackendState } from '../upstream/backend-state.ts';
import { SocketPool, type PoolSettings } from '../upstream/socket-pool.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';
import { SharedParts } from './shared-parts.ts';
import type { Unwinding } from './unwinding.ts';

/** State that outlives generations: backends with their counters, their pools, their health. */
export class Registry {
  readonly #logger: Logger;
  readonly #telemetry: Pick<RuntimeTelemetry, 'healthCheck'> | undefined;
  readonly #backends = new SharedParts<BackendState>((backend) => this.#freeIndexes.push(backend.index));
  readonly #pools = new SharedParts<SocketPool>((pool) => {
    pool.close();
  });
  readonly #monitors = new SharedParts<HealthMonitor>((monitor) => {
    void monitor.close();
  });
  /** Indexes of backends that are gone, to be used again: they are indexes into arrays of counters. */
  readonly #freeIndexes: number[] = [];
  #nextIndex = 0;

  constructor(logger: Logger, telemetry?: Pick<RuntimeTelemetry, 'healthCheck'>) {
    this.#logger = logger;
    this.#telemetry = telemetry;
  }

  /** Every backend that a generation holds, the live one or one that drains. */
  backends(): readonly BackendState[] {
    return this.#backends.parts();
  }

  /** The backend of that name and address. */
  backend(config: BackendConfig, holder: Unwinding): BackendState {
    const { part, release } = this.#backends.hold(keyOf(config), () => {
      const index = this.#freeIndexes.pop() ?? this.#nextIndex++;
      return new BackendState(index, config.name, parseAddress(config.address), config.url ?? config.address);
    });
    holder.push(release);
    return part;
  }

  /** The pool of a backend for that use and those settings. */
  pool(
    backend: BackendState,
    use: SocketUse,
    settings: PoolSettings,
    dial: DialOptions,
    holder: Unwinding,
  ): SocketPool {
    const key = JSON.stringify([backend.index, use, settings, dial.connectTimeoutMs]);
    const { part, release } = this.#pools.hold(key, () => new SocketPool(backend, use, settings, dial));
    holder.push(release);
    return part;
  }

  /** The health monitor of a backend for those settings; `changed` is told by the backend's notices. */
  monitor(backend: BackendState, check: HealthCheck, holder: Unwinding): HealthMonitor {
    const key = JSON.stringify([backend.index, check]);
    const { part, release } = this.#monitors.hold(key, () => {
      const monitor = new HealthMonitor({
        address: backend.target,
        settings: healthSettings(check, backend.target),
        onChange: (healthy, reason) => {
          const fields = { backend: backend.name, address: backend.address, reason };
          if (healthy) this.#logger.info('backend is healthy', fields);
          else this.#logger.warn('backend is unhealthy', fields);
          backend.noteChange();
        },
        onCheck: (passed, durationMs) =>
          this.#telemetry?.healthCheck?.({ backend: backend.name, passed, durationMs }),
      });
      monitor.start();
      return monitor;
    });
    holder.push(release);
    return part;
  }
}

function keyOf(config: BackendConfig): string {
  return JSON.stringify([config.name, config.address]);
}
