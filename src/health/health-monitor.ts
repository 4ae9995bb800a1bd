import type { Address } from '../config/values/address.ts';
import type { BackendContext } from '../net/dial/tls/backend-context.ts';
import type { HostNames } from '../net/dns/host-names.ts';
import type { HandshakeOutcome } from '../readings/handshake.ts';
import type { HealthSettings } from './health-settings.ts';
import { startHttpProbe } from './http-probe.ts';
import { startTcpProbe, type Probe, type ProbeTarget, type StartProbe } from './probe-socket.ts';

/** The share by which an interval differs from the configured one, by chance: so the checks of many backends and proxies drift apart. */
const JITTER = 0.1;
/** The longest delay of a timer; with a longer one Node.js fires it at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface HealthMonitorOptions {
  readonly address: Address;
  readonly settings: HealthSettings;
  /** Where the probes find the addresses of a name. */
  readonly names: HostNames;
  /** What checks of type `https` speak TLS with. */
  readonly context?: BackendContext | undefined;
  /** Called when {@link HealthMonitor.healthy} changed, with the reason in words. Must not throw. */
  readonly onChange?: (healthy: boolean, reason: string) => void;
  /** Called at the end of each check. Must not throw. */
  readonly onCheck?: (passed: boolean, durationMs: number) => void;
  /** Called at the end of each TLS handshake. Must not throw. */
  readonly onHandshake?: (outcome: HandshakeOutcome) => void;
  /** Called with the system's code when a check could not be made for lack of our own resources. Must not throw. */
  readonly onShortage?: (code: string) => void;
  /** The state of the backend by another monitor, with other rules. Default: not known. */
  readonly assumed?: boolean;
  /** Chance in [0, 1) for the jitter. Default: `Math.random`. */
  readonly chance?: () => number;
  /** Default: the TCP or HTTP probe that the settings ask for. */
  readonly startProbe?: StartProbe;
}

/**
 * Checks one backend in the background, one probe after the other.
 *
 * Before its first check has ended a backend counts as healthy. If that check fails, the backend is unhealthy at once, as it was never
 * seen alive. From then on the thresholds decide. A backend that another monitor checked before keeps the state that it had there; if
 * that was unhealthy, one passed check by the new rules is enough.
 */
export class HealthMonitor {
  readonly #settings: HealthSettings;
  readonly #onChange: HealthMonitorOptions['onChange'];
  readonly #onCheck: HealthMonitorOptions['onCheck'];
  readonly #onShortage: HealthMonitorOptions['onShortage'];
  readonly #chance: () => number;
  readonly #startProbe: StartProbe;
  #state: 'new' | 'running' | 'destroyed' = 'new';
  #healthy: boolean;
  readonly #firstDecides: boolean;
  /** Results in a row that contradict the present state. */
  #against = 0;
  #changedAtMs = Date.now();
  #lastCheckAtMs: number | undefined;
  #lastError: string | undefined;
  #checkBegunAtMs = 0;
  #probe: Probe | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HealthMonitorOptions) {
    const { settings, onChange, onCheck, assumed, chance } = options;
    this.#healthy = assumed ?? true;
    this.#firstDecides = assumed !== true;
    this.#settings = settings;
    this.#onChange = onChange;
    this.#onCheck = onCheck;
    this.#onShortage = options.onShortage;
    this.#chance = chance ?? Math.random;
    this.#startProbe = options.startProbe ?? probeFor(options);
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  /** Since when it is {@link healthy} or not, ms since 1970. */
  get changedAtMs(): number {
    return this.#changedAtMs;
  }

  /** Whether a check has ended yet, that is: whether {@link healthy} is more than an assumption. */
  get checked(): boolean {
    return this.#lastCheckAtMs !== undefined;
  }

  /** When the last check ended, ms since 1970; undefined before the first one has. */
  get lastCheckAtMs(): number | undefined {
    return this.#lastCheckAtMs;
  }

  /** Why the last check failed; undefined when it passed. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Starts the first check now. Without effect when it was started or destroyed before. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#check();
  }

  /** Stops at once, a running probe included. The state does not change any more. */
  destroy(): void {
    this.#state = 'destroyed';
    clearTimeout(this.#timer);
    this.#probe?.destroy();
    this.#probe = undefined;
  }

  #check(): void {
    this.#checkBegunAtMs = performance.now();
    this.#probe = this.#startProbe((failure, shortage = '') => {
      if (shortage === '') this.#checkEnded(failure);
      else this.#notChecked(shortage);
    });
  }

  #checkEnded(failure: string | undefined): void {
    if (this.#state === 'destroyed') return;
    const first = !this.checked;
    this.#probe = undefined;
    this.#lastCheckAtMs = Date.now();
    this.#lastError = failure;
    this.#onCheck?.(failure === undefined, performance.now() - this.#checkBegunAtMs);
    this.#schedule();
    this.#count(failure, first);
  }

  /** The check could not be made: what is known of the backend stays as it is. */
  #notChecked(shortage: string): void {
    if (this.#state === 'destroyed') return;
    this.#probe = undefined;
    this.#onShortage?.(shortage);
    this.#schedule();
  }

  #schedule(): void {
    const factor = 1 - JITTER + 2 * JITTER * this.#chance();
    const delayMs = Math.min(this.#settings.intervalMs * factor, MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#check(), delayMs).unref();
  }

  #count(failure: string | undefined, first: boolean): void {
    const passed = failure === undefined;
    if (passed === this.#healthy) {
      this.#against = 0;
      return;
    }
    this.#against++;
    const { healthyThreshold, unhealthyThreshold } = this.#settings;
    const threshold = first && this.#firstDecides ? 1 : passed ? healthyThreshold : unhealthyThreshold;
    if (this.#against < threshold) return;
    this.#against = 0;
    this.#healthy = passed;
    this.#changedAtMs = Date.now();
    this.#onChange?.(passed, failure ?? `checks passed in a row: ${threshold}`);
  }
}

function probeFor({ address, names, settings, context, onHandshake }: HealthMonitorOptions): StartProbe {
  const { type, timeoutMs, proxyProtocol } = settings;
  if (type === 'https' && context === undefined) throw new Error('checks over TLS need a context');
  const tls = type === 'https' ? context : undefined;
  const turn = { next: 0 };
  const target: ProbeTarget = { address, names, turn, timeoutMs, proxyProtocol, tls, onHandshake };
  return type === 'tcp'
    ? (ended) => startTcpProbe(target, ended)
    : (ended) => startHttpProbe(target, settings, ended);
}
