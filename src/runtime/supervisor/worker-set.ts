import { BalanceError } from '../../errors.ts';
import type { HealthReport, Logger } from '../../plugin-api/index.ts';
import type { BackendsReading, PoolsReading } from '../../readings/upstreams/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../readings/connection.ts';
import type { CounterReadings } from '../../readings/counts/counters.ts';
import type { KnownNames, RunningReading, ScrapeReading } from '../../readings/proxy.ts';
import type { CountedTraffic } from '../../readings/traffic.ts';
import type { WorkerReading } from '../../readings/workers/worker.ts';
import { WorkerMemory } from './worker-memory.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import { DrainWatch } from '../control/drain-watch.ts';
import { takenBack } from '../control/taken-back.ts';
import type {
  CommitReport,
  DebugControl,
  GenerationSource,
  ProxyControl,
  SocketControl,
} from '../control/proxy-control.ts';
import type { ExplainQuestion } from '../explain/explain-question.ts';
import type { Explanation } from '../explain/explanation.ts';
import { CrashWatch } from './life/crash-watch.ts';
import { GenerationRound } from './generation-round.ts';
import { hangs, hungEnd, HangWatch, stuck, type HangSettings } from './life/hang-watch.ts';
import { RoundGate } from './round-gate.ts';
import { sendSource, type SharedGeneration } from './link/send-source.ts';
import type { SocketBroker, SocketPeer } from './sockets/socket-broker.ts';
import { ThreadStarter, type ReportHandler, type StarterOptions } from './life/thread-starter.ts';
import { WholeReader, type OwnShortages } from './whole-reader.ts';
import { WorkerDebug } from './worker-debug.ts';
import { steadyNowMs } from '../../time/steady-now.ts';
import { WorkerBeats } from './life/worker-beats.ts';
import { WorkerLife } from './life/worker-life.ts';
import type { WorkerThread } from './life/worker-thread.ts';

/** What prepares a replacement for the live generation. */
const JOIN_LIMIT_MS = 60_000;
/** A thread that is told to end has ended within this time, unless a call of the system holds it. */
const END_LIMIT_MS = 5_000;
/** A worker has this time to cut what still runs, and again to write its last lines. */
const CUT_LIMIT_MS = 500;

/** Hears of the traffic of all workers. */
export interface TrafficListener {
  /** A worker says what it has counted. */
  counted(traffic: CountedTraffic): void;
  /** A worker ended that was not to end. */
  crashed(): void;
}

export interface WorkerSetOptions extends StarterOptions {
  readonly logger: Logger;
  readonly sockets: SocketBroker;
  /** Hears of what ends in workers, and of workers that end. */
  readonly traffic: TrafficListener;
  readonly resources: OwnShortages;
  /** Takes what a worker had counted that ended. */
  readonly keepCounts: (counts: CounterReadings) => void;
  /** Random numbers from 0 to below 1, for balancers. Default: `Math.random`. */
  readonly chance?: (() => number) | undefined;
}

/**
 * {@link ProxyControl} over worker threads. All of them serve the same: an edit is prepared by all, and committed by all or by none. A worker
 * that ends is replaced by one that builds what is live.
 */
export class WorkerSet implements ProxyControl {
  readonly startedAtMs = steadyNowMs();
  readonly debug: DebugControl;
  readonly #options: WorkerSetOptions;
  readonly #beats: WorkerBeats;
  readonly #memory: WorkerMemory;
  readonly #workers: readonly WorkerLife[];
  readonly #reader: WholeReader;
  readonly #crashes: CrashWatch;
  readonly #hangs: HangWatch;
  readonly #starter: ThreadStarter;
  #live: SharedGeneration | undefined;
  /** Replacements that build what is live. */
  readonly #joins = new Set<Promise<void>>();
  #lastGrant = 0;
  readonly #gate = new RoundGate();
  /** The edit that was prepared last, unless it was taken back. */
  #preparing: { readonly id: number } | undefined;

  constructor(options: WorkerSetOptions) {
    const { workers, logger, chance = Math.random } = options;
    this.#options = options;
    this.#beats = new WorkerBeats(workers);
    this.#memory = new WorkerMemory(workers, chance);
    this.#crashes = new CrashWatch(logger);
    this.#starter = new ThreadStarter(options, this.#beats.buffer, (index, report) => {
      this.#heard(index, report);
    });
    this.#workers = Array.from({ length: workers }, (_, index) => this.#life(index));
    this.debug = new WorkerDebug(this.#workers);
    this.#reader = new WholeReader(this.#workers, options.resources, () => this.#live?.source.config);
    this.#hangs = new HangWatch({
      workers: this.#workers,
      logger,
      changed: (index, isHung) => {
        options.sockets.setHung(index, isHung);
      },
    });
  }

  /** Starts all workers. Rejects when one of them can't be started; then none is left. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()));
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  async prepare(id: number, source: GenerationSource): Promise<void> {
    this.abort(id);
    const attempt = { id };
    this.#preparing = attempt;
    await this.#replaceHung(source.config.workers);
    // While none serves, one that is about to may still find what is wrong with the edit.
    if (this.#present.length === 0) await Promise.allSettled(this.#joins);
    if (this.#preparing !== attempt) throw takenBack();
    const workers = this.#present;
    this.#lastGrant += 1;
    const slots = this.#memory.grant(this.#lastGrant, source, this.#live?.source);
    const round = new GenerationRound({ id, source, slots, grantId: this.#lastGrant }, workers);
    this.#gate.begin(round);
    await round.prepare();
    if (this.#gate.round !== round) throw takenBack();
    this.#options.sockets.plan(id, source.config, workers);
  }

  get sockets(): SocketControl {
    return this.#options.sockets;
  }

  async commit(id: number): Promise<CommitReport> {
    const { round } = this.#gate;
    if (round?.generation.id !== id) throw new BalanceError('internal', `generation ${id} is not prepared`);
    const before = this.#live;
    // From here on it is decided: whatever ends, its replacement builds this generation.
    this.#live = round.generation;
    this.#hangs.apply(round.generation.source.config.workers);
    const { report, over } = round.commit();
    this.#options.sockets.commit(id, report);
    this.#gate.end();
    this.#reader.keepCounts(round.generation.source.config.metrics.enabled);
    if (before !== undefined) this.#releaseAfter(over, before);
    return report;
  }

  abort(id: number): void {
    if (this.#preparing?.id === id) this.#preparing = undefined;
    const { round } = this.#gate;
    if (round?.generation.id !== id) return;
    const aborted = round.abort();
    this.#options.sockets.abort(id, aborted);
    this.#releaseAfter(aborted, round.generation);
    this.#gate.end();
  }

  async readings(): Promise<ScrapeReading> {
    const { proxy, counts } = await this.#reader.readings();
    return { proxy: { ...proxy, hostNames: this.#options.feeds.hostNames() }, counts };
  }

  async running(): Promise<RunningReading> {
    return { ...(await this.#reader.running()), startedAtMs: this.startedAtMs };
  }

  backends(): Promise<BackendsReading> {
    return this.#reader.backends();
  }

  pools(): Promise<PoolsReading> {
    return this.#reader.pools();
  }

  connections(query: ConnectionsQuery): Promise<ConnectionsReading> {
    return this.#reader.connections(query);
  }

  health(): Promise<HealthReport> {
    return this.#reader.health();
  }

  explain(question: ExplainQuestion): Promise<Explanation | undefined> {
    return this.#reader.explain(question);
  }

  async counts(): Promise<readonly CounterReadings[]> {
    const { counts } = await this.#reader.readings();
    return counts.counters;
  }

  workers(): readonly WorkerReading[] {
    return this.#workers.map((worker) => worker.read());
  }

  get workersCrash(): boolean {
    return this.#crashes.isCrashing;
  }

  known(): KnownNames {
    return this.#reader.known();
  }

  addresses(): ReadonlyMap<string, string> {
    return this.#options.sockets.addresses();
  }

  async drain(limitMs: number, isReplaced = false): Promise<void> {
    const { logger, sockets } = this.#options;
    this.#hangs.destroy();
    this.#reader.keepCounts(false);
    for (const worker of this.#workers) worker.stops();
    const finished = Promise.allSettled(this.#workers.map((worker) => worker.ask({ kind: 'finish' })));
    // Who waits to be accepted is served as long as a worker has the socket.
    sockets.close(isReplaced);
    const watch = new DrainWatch({ logger, limitMs, rests: () => this.#reader.drainRests() });
    const isOver = await withTimeout(
      finished.then(() => true),
      { limitMs, expired: () => false },
    );
    if (isOver) watch.stop();
    else {
      await watch.tellCut();
      const cut = this.#workers.map((worker) => worker.ask({ kind: 'cut' }, CUT_LIMIT_MS));
      await Promise.allSettled(cut);
      await withTimeout(finished, { limitMs: CUT_LIMIT_MS, expired: () => [] });
    }
    await Promise.all(this.#workers.map((worker) => worker.close()));
    this.#options.feeds.close();
  }

  destroy(): void {
    this.#hangs.destroy();
    this.#reader.keepCounts(false);
    this.#options.sockets.close(false);
    for (const worker of this.#workers) void worker.destroy();
    this.#options.feeds.close();
  }

  get #present(): readonly WorkerLife[] {
    return this.#workers.filter(({ isPresent }) => isPresent);
  }

  /** A worker that hangs would keep the edit waiting. Throws when it may not be replaced. */
  async #replaceHung({ replace_hung: isReplaced }: HangSettings): Promise<void> {
    const hung = this.#workers.filter(({ state }) => state === 'hung');
    const [first] = hung;
    if (first === undefined) return;
    if (!isReplaced) throw hangs(`worker ${first.number}`, first.read().beatAgeMs);
    const ended = hung.map((worker) => worker.replace(hungEnd(worker.read())));
    await withTimeout<unknown>(Promise.all(ended), {
      limitMs: END_LIMIT_MS,
      expired: () => {
        throw stuck(`worker ${first.number}`);
      },
    });
  }

  /** When no worker builds a generation or serves new connections with it any more, its shared words may be given to others. */
  #releaseAfter(over: Promise<unknown>, { grantId }: SharedGeneration): void {
    void Promise.allSettled([over, ...this.#joins]).then(() => {
      this.#memory.slots.release(grantId);
    });
  }

  #life(index: number): WorkerLife {
    return new WorkerLife({
      index,
      logger: this.#options.logger,
      start: (_, incarnation) => this.#starter.start(index, incarnation),
      join: (life, thread) => this.#noteJoin(this.#join(life, thread)),
      ended: (_, end, wasAsked) => {
        this.#ended(index);
        if (wasAsked) return;
        this.#crashes.ended(end.message);
        this.#options.traffic.crashed();
      },
      lastBeat: () => this.#beats.last(index),
    });
  }

  #noteJoin(join: Promise<void>): Promise<void> {
    const noted = join.finally(() => this.#joins.delete(noted));
    this.#joins.add(noted);
    return noted;
  }

  /** Lets a replacement build the live generation. It serves once no edit is under way that it has not prepared. */
  async #join(life: WorkerLife, thread: WorkerThread): Promise<void> {
    const { sockets } = this.#options;
    for (;;) {
      await this.#gate.over;
      const live = this.#live;
      if (live === undefined) return;
      const { id: generation } = live;
      const peer: SocketPeer = {
        index: life.index,
        number: life.number,
        ask: (ask, limitMs, signal) => thread.link.ask(ask, limitMs, signal),
      };
      await sendSource((ask, limitMs) => thread.link.ask(ask, limitMs), live, JOIN_LIMIT_MS);
      if (this.#isLive(live)) await sockets.join(peer, generation);
      if (this.#isLive(live)) {
        // Edits that begin from now on ask it too, behind this message.
        life.serves();
        await thread.link.ask({ kind: 'commit', generation }, JOIN_LIMIT_MS);
        return;
      }
      await thread.link.ask({ kind: 'abort', generation }, JOIN_LIMIT_MS);
    }
  }

  /** Whether that generation is live and no edit is about to replace it. */
  #isLive(generation: SharedGeneration): boolean {
    return this.#live === generation && this.#gate.round === undefined;
  }

  #ended(index: number): void {
    const places = this.#memory.slots.reclaim(index);
    const { logger, sockets } = this.#options;
    logger.debug('what an ended worker held of shared limits is given back', { worker: index + 1, places });
    this.#beats.ended(index);
    sockets.left(index);
    const counts = this.#reader.ended(index + 1);
    if (counts !== undefined) this.#options.keepCounts(counts);
  }

  #heard(...[index, report]: Parameters<ReportHandler>): void {
    const { traffic, resources, sockets } = this.#options;
    if (report.kind === 'traffic') traffic.counted(report.traffic);
    else if (report.kind === 'shortage') resources.noteElsewhere(report.code, report.counts);
    else sockets.need(index, report.socket, report.count);
  }
}
