import type { BackendConfig } from '../../config/schema/config.generated.ts';
import { settingsKey } from '../../net/dial/settings-key.ts';
import { RefCountedMap, type Ref } from '../../net/resources/ref-counted-map.ts';
import type { Logger } from '../../plugin-api/index.ts';
import { OwnPlaces } from '../../shared/own-places.ts';
import { SharedClock } from '../../shared/shared-clock.ts';
import type { OpenSlot, WorkerSlots } from '../../shared/worker-slots.ts';
import { PanicShare } from '../../upstream/sharing/panic-share.ts';
import { sharedBreaker, sharedEjection, sharedPanic } from '../../upstream/sharing/standing-share.ts';
import type { BackendState } from '../../upstream/backend/backend-state.ts';
import { OwnNumber } from '../../upstream/standing/standing-words.ts';
import { CircuitBreaker, type BreakerRules } from '../../upstream/standing/circuit-breaker.ts';
import { Ejection } from '../../upstream/standing/ejection.ts';
import type { HandStates } from '../../upstream/standing/hand-states.ts';
import { MemberStanding } from '../../upstream/standing/member-standing.ts';
import { ResponseTimes } from '../../upstream/standing/response-times.ts';
import type { PassiveRules } from '../../upstream/group/outliers/passive-rules.ts';
import { AdaptiveLimit, type AdaptiveRules } from '../../upstream/concurrency/adaptive-limit.ts';
import { RequestCount } from '../../upstream/concurrency/request-count.ts';
import { breakerSlot, ejectionSlot, panicSlot, requestsSlot } from './slot-keys.ts';
import { breakerReports, ejectionReports, panicReports } from './standing-reports.ts';

/** The parts of the thread that standings are made with. */
export interface StandingParts {
  readonly logger: Logger;
  /** Default: no operator sets a state. */
  readonly hands?: HandStates | undefined;
  /** What is shared with other workers. Default: there are none. */
  readonly slots?: WorkerSlots | undefined;
}

/** How backends stand in their upstreams, over edits: each part ends with its last reference. Other settings make another part. */
export class StandingRegistry {
  /** Whether a generation is live, so that backends which come now arrive by an edit. */
  isServing = false;
  readonly #parts: StandingParts;
  readonly #clock = new SharedClock();
  readonly #standings = new RefCountedMap<MemberStanding>((standing) => {
    standing.close();
  });
  readonly #ejections = new RefCountedMap<Ejection>((ejection) => {
    ejection.close();
  });
  readonly #breakers = new RefCountedMap<CircuitBreaker>((breaker) => {
    breaker.close();
  });
  readonly #panics = new RefCountedMap<PanicShare>((panics) => {
    panics.close();
  });
  readonly #requestCounts = new RefCountedMap<RequestCount>((count) => {
    count.close();
  });
  readonly #adaptiveLimits = new RefCountedMap<AdaptiveLimit>(() => undefined);
  readonly #times = new RefCountedMap<ResponseTimes>(() => undefined);

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  standing(upstream: string, { name, address }: BackendConfig): Ref<MemberStanding> {
    const make = (): MemberStanding => new MemberStanding(upstream, name, this.#parts.hands);
    return this.#standings.refer(JSON.stringify([upstream, name, address]), make);
  }

  /** What tells of the upstream's panics. */
  panics(upstream: string): Ref<PanicShare> {
    return this.#panics.refer(upstream, () => {
      const slot = this.#open(panicSlot(upstream));
      const words =
        slot === undefined
          ? { panicking: new OwnPlaces(), told: new OwnNumber(), close: () => undefined }
          : sharedPanic(slot);
      return new PanicShare(words, panicReports(this.#parts.logger, upstream));
    });
  }

  /** How long a backend takes to answer. @param followsPeaks as of `ResponseTimes` */
  times(upstream: string, { name, address }: BackendConfig, followsPeaks: boolean): Ref<ResponseTimes> {
    const key = JSON.stringify([upstream, name, address, followsPeaks]);
    return this.#times.refer(key, () => new ResponseTimes(followsPeaks));
  }

  /** @param counts takes the counts; it must live as long as the reference */
  ejection(
    upstream: string,
    backend: BackendConfig,
    rules: PassiveRules,
    counts: BackendState,
  ): Ref<Ejection> {
    const key = ejectionSlot(upstream, backend, settingsKey<PassiveRules>(rules));
    return this.#ejections.refer(key, () => {
      const { logger, slots } = this.#parts;
      const slot = this.#open(key);
      return new Ejection({
        times: rules.times,
        clock: this.#clock,
        words: slot && slots && sharedEjection(slot, slots),
        observer: ejectionReports(logger, upstream, counts),
      });
    });
  }

  /** @param counts as for {@link ejection} */
  breaker(
    upstream: string,
    backend: BackendConfig,
    rules: BreakerRules,
    counts: BackendState,
  ): Ref<CircuitBreaker> {
    const key = breakerSlot(upstream, backend, settingsKey<BreakerRules>(rules));
    return this.#breakers.refer(key, () => {
      const { logger, slots } = this.#parts;
      const slot = this.#open(key);
      return new CircuitBreaker({
        rules,
        clock: this.#clock,
        words: slot && slots && sharedBreaker(slot, slots),
        onChange: breakerReports(logger, upstream, counts),
      });
    });
  }

  /** The requests of the upstream that the backend works on. With `max_requests` those of all workers count together. */
  requestCount(upstream: string, backend: BackendConfig): Ref<RequestCount> {
    const key = requestsSlot(upstream, backend);
    const slot = this.#parts.slots?.has(key) === true ? 'shared' : 'own';
    // A count that began as that of this worker alone never becomes one of all.
    return this.#requestCounts.refer(`${slot} ${key}`, () => new RequestCount(this.#open(key)));
  }

  adaptiveLimit(
    upstream: string,
    { name, address }: BackendConfig,
    rules: AdaptiveRules,
  ): Ref<AdaptiveLimit> {
    const key = JSON.stringify([upstream, name, address, settingsKey<AdaptiveRules>(rules)]);
    return this.#adaptiveLimits.refer(key, () => new AdaptiveLimit(rules));
  }

  #open(key: string): OpenSlot | undefined {
    const { slots } = this.#parts;
    return slots?.has(key) === true ? slots.open(key) : undefined;
  }
}
