import { hostNameReading } from '../../net/dns/host-name-reading.ts';
import type { HostNames } from '../../net/dns/host-names.ts';
import type { NameState } from '../../net/dns/name-record.ts';
import type { KeyRingState } from '../../net/tls/contexts/key-ring-state.ts';
import type { RotatingKeyRing } from '../../net/tls/contexts/rotating-key-ring.ts';
import { SharedTicketSet } from '../../net/tls/contexts/ticket-set.ts';
import type { HostNameReading } from '../../readings/upstreams/host-name.ts';
import type { FeedTold, LookedUp } from './feed-messages.ts';
import type { HandStates } from '../../upstream/standing/hand-states.ts';
import { TicketKeySchedule } from './ticket-key-schedule.ts';
import { WorkerFeed, type FeedSources } from './worker-feed.ts';

/** What is only shown, as the time of a backend's last check, is told this often. */
const REFRESH_EVERY_MS = 1_000;
/** What a worker watched goes on for so long after its end: a replacement most likely watches the same. */
const KEPT_MS = 2_000;

export interface WorkerFeedsOptions extends FeedSources {
  readonly names: HostNames & { records(): readonly NameState[] };
  readonly ticketKeys: RotatingKeyRing;
  readonly hands: HandStates;
}

/** The supervisor's side of feeds: checks backends, looks names up and makes ticket keys for all workers. */
export class WorkerFeeds {
  /** The tickets of clients that a worker has refused: no other worker resumes their sessions. */
  readonly refusedTickets = new SharedTicketSet().buffer;
  readonly #options: WorkerFeedsOptions;
  readonly #feeds = new Set<WorkerFeed>();
  /** Feeds of workers that have ended, with the timers that release them. */
  readonly #muted = new Map<WorkerFeed, NodeJS.Timeout>();
  readonly #refresh: NodeJS.Timeout;
  readonly #schedule: TicketKeySchedule;
  readonly #stopHands: () => void;

  constructor(options: WorkerFeedsOptions) {
    this.#options = options;
    this.#refresh = setInterval(() => {
      for (const feed of this.#feeds) feed.refresh();
    }, REFRESH_EVERY_MS).unref();
    this.#stopHands = options.hands.changes.follow(() => {
      for (const feed of this.#feeds) this.#tellHands(feed);
    });
    this.#schedule = new TicketKeySchedule(options.ticketKeys, (keys) => {
      for (const feed of this.#feeds) feed.tell({ kind: 'ticket-keys', keys });
    });
  }

  /** The keys of session tickets that a worker begins with. It is told of all later ones after {@link join}, if that comes in the same turn. */
  get ticketKeys(): KeyRingState {
    return this.#options.ticketKeys.export();
  }

  /** A worker begins. */
  join(tell: (told: FeedTold) => void): WorkerFeed {
    const feed = new WorkerFeed(this.#options, tell);
    this.#feeds.add(feed);
    if (this.#options.hands.entries.length > 0) this.#tellHands(feed);
    return feed;
  }

  /** A worker has ended. */
  leave(feed: WorkerFeed): void {
    if (!this.#feeds.delete(feed)) return;
    feed.mute();
    const timer = setTimeout(() => {
      this.#muted.delete(feed);
      feed.release();
    }, KEPT_MS).unref();
    this.#muted.set(feed, timer);
  }

  /** All host names that workers use. */
  hostNames(): HostNameReading[] {
    return this.#options.names.records().map(hostNameReading);
  }

  /** Looks a name up for a worker. Gives up when the signal is aborted. */
  lookUp(host: string, signal: AbortSignal): Promise<LookedUp> {
    return new Promise((resolve) => {
      const stop = this.#options.names.lookUp(host, (addresses, failure) => {
        resolve({ addresses, failure });
      });
      signal.addEventListener('abort', () => {
        stop();
        resolve({ addresses: [], failure: 'nobody waits any more' });
      });
    });
  }

  close(): void {
    clearInterval(this.#refresh);
    this.#schedule.close();
    this.#stopHands();
    for (const timer of this.#muted.values()) clearTimeout(timer);
    for (const feed of [...this.#feeds, ...this.#muted.keys()]) feed.release();
    this.#feeds.clear();
    this.#muted.clear();
  }

  #tellHands(feed: WorkerFeed): void {
    feed.tell({ kind: 'hand-states', entries: this.#options.hands.entries });
  }
}
