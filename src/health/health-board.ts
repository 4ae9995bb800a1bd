import { formatAddress } from '../config/values/address.ts';
import type { BackendContext } from '../net/dial/tls/backend-context.ts';
import type { BackendContexts } from '../net/dial/tls/backend-contexts.ts';
import type { HostNames } from '../net/dns/host-names.ts';
import type { ProcessResources } from '../net/resources/process-resources.ts';
import type { Ref } from '../net/resources/ref-counted-map.ts';
import type { Logger } from '../plugin-api/index.ts';
import type { HandshakeObserver, HandshakeOutcome } from '../readings/handshake.ts';
import type { HealthCheckRecord } from '../readings/upstream.ts';
import type { CheckedBackend, HealthChange, HealthFeed, WatchedHealth } from './health-feed.ts';
import { HealthMonitor } from './health-monitor.ts';
import { healthSettings } from './health-settings.ts';
import { StartPacer } from './start-pacer.ts';

/** Hears of health checks, and of the handshakes of those over TLS. */
export interface CheckTelemetry extends Partial<HandshakeObserver> {
  healthCheck?(record: HealthCheckRecord): void;
}

export interface HealthBoardOptions {
  readonly logger: Logger;
  readonly names: HostNames;
  /** What checks over TLS are made with. */
  readonly contexts: BackendContexts;
  /** Default: nothing is counted. */
  readonly telemetry?: CheckTelemetry | undefined;
  /** Default: a lack of resources is not told. */
  readonly resources?: ProcessResources | undefined;
  /** Called when a check finds that a backend went down or came back. Default: nobody is. */
  readonly observer?: { healthChanged(change: HealthChange): void } | undefined;
}

/** One who watches, and the name that the backend has there. */
interface Watch {
  readonly name: string;
  readonly changed: () => void;
}

/** An address that is checked in one way. */
interface Checked {
  readonly address: string;
  readonly monitor: HealthMonitor;
  readonly context: Ref<BackendContext> | undefined;
  readonly watches: Set<Watch>;
}

/**
 * Checks backends, as long as somebody watches them. Backends at one address share the checks if these are the same. Checks with new settings
 * begin with the state that the earlier checks of the address found.
 */
export class HealthBoard implements HealthFeed {
  readonly #options: HealthBoardOptions;
  readonly #pacer = new StartPacer();
  /** By the address and the key of the check. */
  readonly #checked = new Map<string, Checked>();
  /** By address. */
  readonly #monitors = new Map<string, Set<HealthMonitor>>();

  constructor(options: HealthBoardOptions) {
    this.#options = options;
  }

  watch(backend: CheckedBackend, changed: () => void): WatchedHealth {
    const address = formatAddress(backend.target);
    const key = `${address} ${backend.check.key}`;
    let checked = this.#checked.get(key);
    if (checked === undefined) {
      checked = this.#check(address, backend);
      this.#checked.set(key, checked);
    }
    const { watches, monitor } = checked;
    const watch = { name: backend.name, changed };
    watches.add(watch);
    return {
      health: monitor,
      release: () => {
        if (watches.delete(watch) && watches.size === 0) this.#end(key, checked);
      },
    };
  }

  #check(address: string, { target, check }: CheckedBackend): Checked {
    const { section, proxyProtocol, tls } = check;
    const { names, contexts, resources } = this.#options;
    const watches = new Set<Watch>();
    const settings = healthSettings(section, target, proxyProtocol);
    const context = tls && contexts.refer(tls.settings, () => tls.files);
    const monitors = this.#monitors.get(address) ?? new Set();
    const known = [...monitors].find(({ checked }) => checked);
    const monitor = new HealthMonitor({
      address: target,
      settings,
      names,
      context: context?.value,
      onChange: (healthy, reason) => {
        this.#changed(address, watches, healthy, reason);
      },
      onCheck: (passed, durationMs) => {
        for (const backend of namesOf(watches))
          this.#options.telemetry?.healthCheck?.({ backend, passed, durationMs });
      },
      onHandshake: (outcome) => {
        this.#shookHands(watches, outcome);
      },
      onShortage: (code) => resources?.noteShortage('check', code),
      ...(known === undefined ? {} : { assumed: known.healthy }),
    });
    this.#monitors.set(address, monitors.add(monitor));
    this.#pacer.add(monitor);
    return { address, monitor, context, watches };
  }

  #end(key: string, { address, monitor, context }: Checked): void {
    monitor.destroy();
    context?.release();
    this.#checked.delete(key);
    const monitors = this.#monitors.get(address);
    monitors?.delete(monitor);
    if (monitors?.size === 0) this.#monitors.delete(address);
  }

  #shookHands(watches: ReadonlySet<Watch>, outcome: HandshakeOutcome): void {
    for (const owner of namesOf(watches))
      this.#options.telemetry?.handshake?.({ side: 'check', owner, ...outcome });
  }

  #changed(address: string, watches: ReadonlySet<Watch>, healthy: boolean, reason: string): void {
    const { logger, observer } = this.#options;
    for (const backend of namesOf(watches)) {
      const fields = { backend, address, reason };
      if (healthy) logger.info('backend is healthy', fields);
      else logger.warn('backend is unhealthy', fields);
      observer?.healthChanged({ backend, address, healthy, reason });
    }
    for (const { changed } of [...watches]) changed();
  }
}

/** The names that those who watch have for the backend, each once. */
function namesOf(watches: ReadonlySet<Watch>): ReadonlySet<string> {
  return new Set([...watches].map(({ name }) => name));
}
