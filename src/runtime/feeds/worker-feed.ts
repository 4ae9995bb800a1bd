import type { HealthFeed, WatchedHealth } from '../../health/watch/health-feed.ts';
import type { HeldName, HostNames } from '../../net/dns/host-names.ts';
import type { NameState } from '../../net/dns/name-record.ts';
import type { Logger } from '../../plugin-api/index.ts';
import { messageOf } from '../../errors.ts';
import type { FeedReport, FeedTold, HealthState, HealthWatch, NameWatch } from './feed-messages.ts';

/** Where the states come from. */
export interface FeedSources {
  readonly health: HealthFeed;
  readonly names: HostNames;
  readonly logger: Logger;
}

/** A backend that the worker watches, and what it knows of it. */
interface HealthEntry {
  readonly watched: WatchedHealth;
  told: HealthState | undefined;
}

/** A host name that the worker watches, and what it knows of it. */
interface NameEntry {
  readonly held: HeldName;
  told: NameState | undefined;
}

/** What one worker watches. Changes are told at once; what is only shown (the time of the last check) by {@link refresh}. */
export class WorkerFeed {
  readonly #sources: FeedSources;
  #tell: ((told: FeedTold) => void) | undefined;
  readonly #health = new Map<number, HealthEntry>();
  readonly #names = new Map<number, NameEntry>();
  readonly #changed = new Set<number>();

  constructor(sources: FeedSources, tell: (told: FeedTold) => void) {
    this.#sources = sources;
    this.#tell = tell;
  }

  /** The worker reports what it watches. It is told the states of it at once, so before anything that it is told later. */
  take({ health, names, used, ended }: FeedReport): void {
    if (this.#tell === undefined) return;
    for (const id of used) this.#health.get(id)?.watched.noteTraffic();
    for (const watch of health) this.#watchHealth(watch);
    for (const watch of names) this.#watchName(watch);
    this.#push([...health, ...names].map(({ id }) => id));
    for (const id of ended) this.#end(id);
  }

  tell(told: FeedTold): void {
    this.#tell?.(told);
  }

  /** Tells when backends were checked last, and what came of it. */
  refresh(): void {
    this.#push([...this.#health.keys()]);
  }

  /** The worker has ended: nothing is told any more. What it watches goes on until {@link release}. */
  mute(): void {
    this.#tell = undefined;
  }

  release(): void {
    this.mute();
    for (const id of [...this.#health.keys(), ...this.#names.keys()]) this.#end(id);
  }

  #watchHealth({ id, backend }: HealthWatch): void {
    const { health, logger } = this.#sources;
    try {
      const watched = health.watch(backend, () => {
        this.#note(id);
      });
      this.#health.set(id, { watched, told: undefined });
    } catch (error) {
      // The worker works with the same files, so it refuses such an edit itself.
      logger.error('backend can not be checked', { backend: backend.name, error: messageOf(error) });
    }
  }

  #watchName({ id, host }: NameWatch): void {
    const { names } = this.#sources;
    const note = (): void => {
      this.#note(id);
    };
    const held = names.hold(host, note, note);
    if (held !== undefined) this.#names.set(id, { held, told: undefined });
  }

  #end(id: number): void {
    this.#health.get(id)?.watched.release();
    this.#health.delete(id);
    this.#names.get(id)?.held.release();
    this.#names.delete(id);
  }

  /** Tells of a change. What changes in one go is one message. */
  #note(id: number): void {
    this.#changed.add(id);
    if (this.#changed.size > 1) return;
    queueMicrotask(() => {
      const changed = [...this.#changed];
      this.#changed.clear();
      this.#push(changed);
    });
  }

  /** Tells what is new of these. */
  #push(ids: readonly number[]): void {
    const health: [number, HealthState][] = [];
    const names: [number, NameState][] = [];
    for (const id of ids) {
      const checked = this.#health.get(id);
      const state = checked && newHealth(checked);
      if (state !== undefined) health.push([id, state]);
      const named = this.#names.get(id);
      const record = named && newName(named);
      if (record !== undefined) names.push([id, record]);
    }
    if (health.length > 0 || names.length > 0) this.tell({ kind: 'feed', health, names });
  }
}

/** The state of a backend if the worker does not know it yet. */
function newHealth(entry: HealthEntry): HealthState | undefined {
  const { health } = entry.watched;
  const { healthy, changedAtMs, lastCheckAtMs, lastError, agent } = health;
  const { told } = entry;
  const isTold =
    told?.healthy === healthy &&
    told.changedAtMs === changedAtMs &&
    told.lastCheckAtMs === lastCheckAtMs &&
    told.lastError === lastError &&
    told.agent === agent;
  if (isTold) return undefined;
  entry.told = { healthy, changedAtMs, lastCheckAtMs, lastError, progress: health.progress, agent };
  return entry.told;
}

/** The state of a name if the worker does not know it yet. */
function newName(entry: NameEntry): NameState | undefined {
  const { host, addresses, source, failure, answeredAtMs, failingSinceMs, ttlMs, counts } = entry.held.record;
  const { told } = entry;
  const isTold =
    told?.addresses === addresses &&
    told.source === source &&
    told.failure === failure &&
    told.answeredAtMs === answeredAtMs &&
    told.failingSinceMs === failingSinceMs &&
    told.ttlMs === ttlMs &&
    told.counts.found === counts.found &&
    told.counts.absent === counts.absent &&
    told.counts.failed === counts.failed;
  if (isTold) return undefined;
  entry.told = {
    host,
    addresses,
    source,
    failure,
    answeredAtMs,
    failingSinceMs,
    ttlMs,
    counts: { ...counts },
  };
  return entry.told;
}
