import type { CountedTraffic } from '../../readings/traffic.ts';
import type { TrafficRecords, TrafficSubscriber } from '../../runtime/reload/follow/auto-rollback.ts';

/** What ends in workers, for who watches the traffic of the whole proxy. */
export class WorkerTraffic implements TrafficRecords {
  readonly #subscribers = new Set<TrafficSubscriber>();

  subscribe(subscriber: TrafficSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }

  /** A worker says what it has counted. */
  counted(traffic: CountedTraffic): void {
    for (const subscriber of this.#subscribers) subscriber.counted(traffic);
  }

  /** A worker ended that was not to end. */
  crashed(): void {
    for (const subscriber of this.#subscribers) subscriber.crashed();
  }
}
