import type { CheckProgress } from '../readings/upstreams/health.ts';
import { CheckTimer } from './pace/check-timer.ts';
import type { CheckTurn, CheckTurns } from './pace/check-turns.ts';
import type { HealthSettings } from './health-settings.ts';
import type { Probe, StartProbe } from './probe/probe-socket.ts';

export interface HealthMonitorOptions {
  readonly settings: Pick<
    HealthSettings,
    'pace' | 'healthyThreshold' | 'unhealthyThreshold' | 'initialState'
  >;
  readonly startProbe: StartProbe;
  readonly turns: CheckTurns;
  /** Called when {@link HealthMonitor.healthy} changed, with the reason in words. Must not throw. */
  readonly onChange?: (healthy: boolean, reason: string) => void;
  /** Called at the end of each check. Must not throw. */
  readonly onCheck?: (passed: boolean, durationMs: number) => void;
  /** Called with the system's code when a check could not be made for lack of our own resources. Must not throw. */
  readonly onShortage?: (code: string) => void;
  /** The state of the backend by another monitor, with other rules. Default: not known, so `initialState` counts. */
  readonly assumed?: boolean;
  /** Chance in [0, 1) for the jitter. Default: `Math.random`. */
  readonly chance?: () => number;
}

/**
 * Checks one backend in the background, one probe after the other.
 *
 * Before its first check has ended, a backend has the state that its settings give it. Unless these say otherwise, the first check decides
 * alone, as nothing else is known. From then on the thresholds decide. A backend that another monitor checked before keeps the state
 * that it had there; if that was unhealthy, one passed check by the new rules is enough.
 */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #timer: CheckTimer;
  #state: 'new' | 'running' | 'destroyed' = 'new';
  #healthy: boolean;
  readonly #firstDecides: boolean;
  /** Results in a row that contradict the present state. */
  #against = 0;
  #changedAtMs = Date.now();
  #lastCheckAtMs: number | undefined;
  #lastError: string | undefined;
  #lastDurationMs = 0;
  #checkBegunAtMs = 0;
  /** Whether the backend got traffic since the last check began. */
  #hasTraffic = false;
  #turn: CheckTurn | undefined;
  #probe: Probe | undefined;

  constructor(options: HealthMonitorOptions) {
    const { settings, assumed, chance = Math.random } = options;
    const { initialState } = settings;
    this.#options = options;
    this.#healthy = assumed ?? (initialState === 'up' || initialState === 'fully-up');
    this.#firstDecides = assumed === undefined ? initialState === 'up' || initialState === 'down' : !assumed;
    this.#timer = new CheckTimer(() => this.#check(), chance);
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

  /** Whether this monitor, or the one whose state it took over, has checked the backend. */
  get knows(): boolean {
    return this.checked || this.#options.assumed !== undefined;
  }

  /** When the last check ended, ms since 1970; undefined before the first one has. */
  get lastCheckAtMs(): number | undefined {
    return this.#lastCheckAtMs;
  }

  /** Why the last check failed; undefined when it passed. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Undefined before the first check has ended. */
  get progress(): CheckProgress | undefined {
    if (!this.checked) return undefined;
    return {
      durationMs: this.#lastDurationMs,
      error: this.#lastError,
      against: this.#against,
      threshold: this.#threshold,
    };
  }

  /** Starts the first check as soon as it is its turn. Without effect when it was started or destroyed before. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#check();
  }

  /** The backend gets traffic: checks come as often as they then shall. */
  noteTraffic(): void {
    this.#hasTraffic = true;
    this.#timer.hasten(this.#intervalMs);
  }

  /** Stops at once, a running probe included. The state does not change any more. */
  destroy(): void {
    this.#state = 'destroyed';
    this.#timer.destroy();
    this.#probe?.destroy();
    this.#probe = undefined;
    this.#turn?.end();
  }

  /** How many results in a row change the present state. */
  get #threshold(): number {
    const { healthyThreshold, unhealthyThreshold } = this.#options.settings;
    return this.#healthy ? unhealthyThreshold : healthyThreshold;
  }

  get #intervalMs(): number {
    const { intervalMs, fastIntervalMs, noTrafficIntervalMs = intervalMs } = this.#options.settings.pace;
    if (this.#against > 0) return fastIntervalMs;
    // A backend that is down gets no traffic, and must come back soon all the same.
    return this.#hasTraffic || !this.#healthy ? intervalMs : noTrafficIntervalMs;
  }

  #check(): void {
    this.#turn = this.#options.turns.ask(() => this.#begin());
  }

  #begin(): void {
    this.#hasTraffic = false;
    this.#checkBegunAtMs = performance.now();
    this.#probe = this.#options.startProbe((failure, shortage = '') => {
      if (this.#state === 'destroyed') return;
      this.#probe = undefined;
      this.#turn?.end();
      if (shortage === '') this.#checkEnded(failure);
      else this.#options.onShortage?.(shortage);
      this.#timer.schedule(this.#intervalMs);
    });
  }

  #checkEnded(failure: string | undefined): void {
    const isFirst = !this.checked;
    this.#lastCheckAtMs = Date.now();
    this.#lastError = failure;
    this.#lastDurationMs = performance.now() - this.#checkBegunAtMs;
    this.#options.onCheck?.(failure === undefined, this.#lastDurationMs);
    this.#count(failure, isFirst);
  }

  #count(failure: string | undefined, isFirst: boolean): void {
    const passed = failure === undefined;
    if (passed === this.#healthy) {
      this.#against = 0;
      return;
    }
    this.#against++;
    const threshold = isFirst && this.#firstDecides ? 1 : this.#threshold;
    if (this.#against < threshold) return;
    this.#against = 0;
    this.#healthy = passed;
    this.#changedAtMs = Date.now();
    this.#options.onChange?.(passed, failure ?? `checks passed in a row: ${threshold}`);
  }
}
