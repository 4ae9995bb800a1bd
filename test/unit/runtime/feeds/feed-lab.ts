import { HandStates } from '../../../../src/upstream/standing/hand-states.ts';
import { onTestFinished } from 'vitest';

import type { HealthFeed, WatchedHealth } from '../../../../src/health/watch/health-feed.ts';
import type { HostNames } from '../../../../src/net/dns/host-names.ts';
import type { Answered, NameHolder, NameState } from '../../../../src/net/dns/name-record.ts';
import { RotatingKeyRing } from '../../../../src/net/tls/contexts/rotating-key-ring.ts';
import { FeedClients } from '../../../../src/runtime/feeds/feed-clients.ts';
import { WorkerFeeds } from '../../../../src/runtime/feeds/worker-feeds.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

/** Backends that are as healthy as a test says, and who watches them. */
export class FakeHealth implements HealthFeed {
  /** By the names of backends. */
  readonly watched: { name: string; health: FakeState; changed: () => void }[] = [];

  /** The names of backends that workers told to have traffic. */
  readonly used: string[] = [];

  watch({ name }: Parameters<HealthFeed['watch']>[0], changed: () => void): WatchedHealth {
    if (name === 'broken') throw new Error('no such file');
    const health = this.watched.find((other) => other.name === name)?.health ?? new FakeState();
    const watch = { name, health, changed };
    this.watched.push(watch);
    return {
      health,
      noteTraffic: () => this.used.push(name),
      release: () => {
        const index = this.watched.indexOf(watch);
        if (index !== -1) this.watched.splice(index, 1);
      },
    };
  }

  /** A check has ended. */
  checked(name: string, healthy: boolean, atMs: number): void {
    const watches = this.watched.filter((watch) => watch.name === name);
    const health = watches[0]!.health;
    const isChanged = health.healthy !== healthy;
    health.healthy = healthy;
    health.lastCheckAtMs = atMs;
    health.lastError = healthy ? undefined : 'refused';
    if (isChanged) health.changedAtMs = atMs;
    if (isChanged) for (const { changed } of watches) changed();
  }
}

class FakeState {
  healthy = true;
  changedAtMs = 1;
  lastCheckAtMs: number | undefined;
  lastError: string | undefined;
}

/** Host names whose look-ups end when a test says so. */
export class FakeNames implements HostNames {
  readonly states = new Map<string, NameState>();
  /** The names of look-ups, in their order. */
  readonly asked: string[] = [];
  readonly #holders = new Map<string, Set<NameHolder>>();
  readonly #waiting = new Map<string, Set<Answered>>();

  lookUp(host: string, answered: Answered): () => void {
    this.asked.push(host);
    const { addresses, failure } = this.#state(host);
    if (addresses.length > 0 || failure !== undefined) {
      answered(addresses, failure);
      return () => undefined;
    }
    const waiting = this.#waiting.get(host) ?? new Set();
    this.#waiting.set(host, waiting.add(answered));
    return () => void waiting.delete(answered);
  }

  turns(): never {
    throw new Error('turns are those of a worker');
  }

  hold(host: string, changed: () => void, ended?: () => void) {
    const holders = this.#holders.get(host) ?? new Set();
    const holder = { changed, ended };
    this.#holders.set(host, holders.add(holder));
    const state = (): NameState => this.#state(host);
    return {
      get record(): NameState {
        return state();
      },
      release: () => void holders.delete(holder),
    };
  }

  records(): readonly NameState[] {
    return [...this.states.values()];
  }

  holders(host: string): number {
    return this.#holders.get(host)?.size ?? 0;
  }

  /** A look-up has ended. */
  answer(host: string, addresses: readonly string[], failure?: string): void {
    const before = this.#state(host);
    const counts = { ...before.counts, found: before.counts.found + 1 };
    this.states.set(host, { ...before, addresses, failure, source: 'dns', counts });
    const waiting = [...(this.#waiting.get(host) ?? [])];
    this.#waiting.delete(host);
    for (const answered of waiting) answered(addresses, failure);
    for (const { changed, ended } of [...(this.#holders.get(host) ?? [])]) {
      if (addresses.join() !== before.addresses.join()) changed();
      ended?.();
    }
  }

  #state(host: string): NameState {
    const nothing = {
      source: undefined,
      failure: undefined,
      answeredAtMs: undefined,
      failingSinceMs: undefined,
    };
    const counts = { found: 0, absent: 0, failed: 0 };
    const state = this.states.get(host) ?? { host, addresses: [], ...nothing, ttlMs: undefined, counts };
    this.states.set(host, state);
    return state;
  }
}

/** A supervisor's feeds, and workers that are connected with them by copies of messages, as over a port. */
export function feedLab() {
  const health = new FakeHealth();
  const names = new FakeNames();
  const ring = new RotatingKeyRing(() => performance.now());
  const logger = new RecordingLogger();
  const feeds = new WorkerFeeds({ hands: new HandStates(), health, names, logger, ticketKeys: ring });
  onTestFinished(() => {
    feeds.close();
  });
  const worker = () => {
    const asked = { lookUps: 0 };
    const feed = feeds.join((told) => {
      clients.take(structuredClone(told));
    });
    const clients: FeedClients = new FeedClients(
      {
        report: (report) => {
          feed.take(structuredClone(report));
        },
        lookUp: (host) => {
          asked.lookUps += 1;
          return feeds.lookUp(host, new AbortController().signal);
        },
      },
      structuredClone(feeds.ticketKeys),
      feeds.refusedTickets,
    );
    return {
      clients,
      asked,
      end: () => {
        feeds.leave(feed);
      },
    };
  };
  return { health, names, ring, logger, feeds, worker };
}

/** After it, what was watched has been reported, and what changed has been told. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
