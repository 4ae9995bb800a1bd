import { formatAddress } from '../config/values/address.ts';
import type { BackendContext } from '../net/dial/tls/backend-context.ts';
import { RefCountedMap, type Ref } from '../net/resources/ref-counted-map.ts';
import type { HandshakeOutcome } from '../readings/handshake.ts';
import type { CheckParts } from './watch/check-parts.ts';
import { CheckWatches, placeOf } from './watch/check-watches.ts';
import type { ActiveCheck, CheckedBackend } from './watch/health-feed.ts';
import { HealthMonitor } from './health-monitor.ts';
import { checkedAddress, healthSettings } from './health-settings.ts';
import { probeStarter } from './probe/probe-starter.ts';

/** An address that is checked in one way for one upstream. */
export interface ActivelyChecked {
  /** The upstream and the address. */
  readonly places: readonly string[];
  readonly monitor: HealthMonitor;
  readonly watches: CheckWatches;
  readonly context: Ref<BackendContext> | undefined;
}

/**
 * The active checks of all backends. Checks with new settings begin with the state that earlier ones of the same upstream and address found,
 * and those of an upstream with another name with what the same check found at that address.
 */
export class ActiveChecks {
  readonly #parts: CheckParts;
  readonly #checked = new RefCountedMap<ActivelyChecked>((checked) => {
    this.#end(checked);
  });
  /** By upstream and address, and by address and check. */
  readonly #monitors = new Map<string, Set<HealthMonitor>>();

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  /** The checks of a backend, which begin if nobody else has them. */
  refer(backend: CheckedBackend, check: ActiveCheck): Ref<ActivelyChecked> {
    const place = placeOf(backend);
    return this.#checked.refer(`${place} ${check.key}`, () => this.#begin(place, backend, check));
  }

  #begin(place: string, checked: CheckedBackend, check: ActiveCheck): ActivelyChecked {
    const { upstream, target } = checked;
    const { section, proxyProtocol, tls } = check;
    const { names, contexts, resources, telemetry, turns, pacer, probes } = this.#parts;
    const watches = new CheckWatches();
    const address = checkedAddress(section, target);
    const settings = healthSettings(section, address);
    const context = tls && contexts.refer(tls.settings, () => tls.files);
    const places = [place, `${formatAddress(target)} ${check.key}`];
    const known = this.#knownAt(places);
    const probeTarget = {
      address,
      names,
      turn: { next: 0 },
      timeoutMs: settings.timeoutMs,
      proxyProtocol,
      tls: context?.value,
      alpn: settings.probe.kind === 'http' ? HTTP_1 : [],
      onHandshake: (outcome: HandshakeOutcome) => {
        for (const owner of watches.names) telemetry?.handshake?.({ side: 'check', owner, ...outcome });
      },
    };
    const monitor = new HealthMonitor({
      settings,
      startProbe: probeStarter(settings.probe, probeTarget, upstream, probes),
      turns,
      onChange: (healthy, reason) => {
        this.#changed(upstream, formatAddress(target), watches, healthy, reason);
      },
      onCheck: (passed, durationMs) => {
        for (const backend of watches.names)
          telemetry?.healthCheck?.({ upstream, backend, passed, durationMs });
      },
      onShortage: (code) => resources?.noteShortage('check', code),
      ...(known === undefined ? {} : { assumed: known.healthy }),
    });
    for (const at of places) this.#monitors.set(at, (this.#monitors.get(at) ?? new Set()).add(monitor));
    pacer.add(monitor);
    return { places, monitor, watches, context };
  }

  /**
   * One that has checked, from the first of these places that has any. Edits may follow each other faster than checks: else one that took
   * over what another one knew.
   */
  #knownAt(places: readonly string[]): HealthMonitor | undefined {
    const monitors = places.flatMap((place) => [...(this.#monitors.get(place) ?? [])]);
    return monitors.find(({ checked }) => checked) ?? monitors.find(({ knows }) => knows);
  }

  #end({ places, monitor, context }: ActivelyChecked): void {
    monitor.destroy();
    context?.release();
    for (const place of places) {
      const monitors = this.#monitors.get(place);
      monitors?.delete(monitor);
      if (monitors?.size === 0) this.#monitors.delete(place);
    }
  }

  #changed(upstream: string, address: string, watches: CheckWatches, healthy: boolean, reason: string): void {
    const { logger, observer } = this.#parts;
    for (const backend of watches.names) {
      const fields = { upstream, backend, address, reason };
      if (healthy) logger.info('backend is healthy', fields);
      else logger.warn('backend is unhealthy', fields);
      observer?.healthChanged({ upstream, backend, address, healthy, reason });
    }
    watches.tell();
  }
}

/** Checks of HTTP offer this by ALPN, where the settings of TLS name nothing. */
const HTTP_1: readonly string[] = ['http/1.1'];
