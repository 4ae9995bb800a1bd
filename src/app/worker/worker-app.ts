import v8 from 'node:v8';

import { BackendContexts } from '../../net/dial/tls/backend-contexts.ts';
import { DescriptorInbox } from '../../net/node/descriptors/descriptor-inbox.ts';
import { ProcessResources } from '../../net/resources/process-resources.ts';
import { ShortageReports } from '../../net/resources/shortage-reports.ts';
import { SharedSockets } from '../../net/share/shared-sockets.ts';
import type { MetricsPage } from '../../plugin-api/index.ts';
import { PluginShelf } from '../../plugins/plugin-shelf.ts';
import type { GenerationSource } from '../../runtime/control/proxy-control.ts';
import { takenBack } from '../../runtime/control/taken-back.ts';
import { FeedClients, type FeedSupervisor } from '../../runtime/feeds/feed-clients.ts';
import { TrafficTally } from '../../runtime/reload/follow/traffic-tally.ts';
import type {
  GrantedSlots,
  SwapReading,
  Told,
  WorkerQuestions,
} from '../../runtime/supervisor/link/messages.ts';
import type { LinkHandlers } from '../../runtime/supervisor/link/thread-link.ts';
import { SupervisorLink, type WorkerAnswers } from '../../runtime/supervisor/link/worker-link.ts';
import type { WorkerStart } from '../../runtime/supervisor/life/worker-start.ts';
import { slotKeysOf } from '../../runtime/upstreams/slot-keys.ts';
import { SharedClock } from '../../shared/shared-clock.ts';
import { PortWakes } from '../../shared/wakes.ts';
import { WorkerSlots } from '../../shared/worker-slots.ts';
import { WorkerWords } from '../../shared/worker-words.ts';
import { WorkerCounts } from '../../telemetry/control/worker-counts.ts';
import type { PreparedTelemetry } from '../../telemetry/control/telemetry-control.ts';
import { createWorkerLogging, type WorkerLogging } from '../../telemetry/logs/remote/worker-logging.ts';
import { collectGarbage } from '../parts/collect-garbage.ts';
import { createMovingParts, type MovingParts } from '../parts/moving-parts.ts';
import { createThreadParts, type ThreadParts } from '../parts/thread-parts.ts';
import { workerAnswers } from './worker-answers.ts';

/** How often the worker writes down that its event loop turns. */
const BEAT_MS = 250;
/** The page of a metrics server waits for all workers. */
const PAGE_LIMIT_MS = 5_000;

/** The supervisor has an answer within 5 s, if its event loop turns. */
const LOOK_UP_LIMIT_MS = 30_000;

/** What a generation changes beside the moving parts, between prepare and commit. */
interface PendingSections {
  readonly source: GenerationSource;
  readonly telemetry: PreparedTelemetry;
}

/** The parts of a worker: what serves clients, and what answers the supervisor. */
export class WorkerApp implements LinkHandlers<WorkerQuestions, Told> {
  readonly answers: WorkerAnswers;
  readonly #start: WorkerStart;
  readonly #log: WorkerLogging;
  readonly #thread: ThreadParts;
  readonly #resources: ProcessResources;
  readonly #parts: MovingParts;
  readonly #counts: WorkerCounts;
  readonly #words: WorkerWords;
  readonly #clock = new SharedClock();
  readonly #wakes = new PortWakes();
  readonly #slots: WorkerSlots;
  readonly #link: SupervisorLink;
  readonly #feeds: FeedClients;
  readonly #tally: TrafficTally;
  readonly #beat: NodeJS.Timeout;
  readonly #pending = new Map<number, PendingSections>();
  #generation = 0;
  /** Grows with each generation that is prepared, and with each that is taken back: who has another number works in vain. */
  #attempt = 0;

  constructor(start: WorkerStart) {
    const { port, proxyId, instanceId, lastReadingId, directory } = start;
    const { index: worker, workers, addressRates } = start;
    // The first of the parts: others say something while they are made. It hears nothing before all are there.
    this.#link = new SupervisorLink('the supervisor', port, this);
    this.#log = createWorkerLogging({
      worker: worker + 1,
      workers,
      directory,
      say: (report, transfer) => {
        this.#link.say(report, transfer);
      },
    });
    const { logging } = this.#log;
    const words = new WorkerWords(start.words);
    const feeds = this.#feedClients(start);
    const { names } = feeds;
    this.#feeds = feeds;
    const resources = new ProcessResources({ shortages: this.#shortageReports() });
    const plugins = new PluginShelf();
    const sockets = this.#sharedSockets(worker);
    this.#start = start;
    this.#words = words;
    this.#resources = resources;
    for (const neighbour of start.neighbours) this.#wakes.connect(neighbour.worker, neighbour.port);
    this.#thread = createThreadParts({ logging, authors: plugins, names, instanceId });
    this.#slots = new WorkerSlots({ worker, workers, wakes: this.#wakes });
    this.#parts = createMovingParts({
      slots: this.#slots,
      health: feeds.health,
      hands: feeds.hands,
      contexts: new BackendContexts(),
      thread: this.#thread,
      ids: { proxyId, lastReadingId, nextConnectionId: () => words.nextConnectionId() },
      names,
      resources,
      sockets,
      ticketKeys: feeds.ticketKeys,
      handshakes: { worker, workers, addressRates },
      plugins,
      metricsPage: (request) => this.#metricsPage(request),
    });
    const { telemetry, telemetryControl } = this.#thread;
    this.#counts = new WorkerCounts(this.#parts.counters, telemetry, telemetryControl);
    this.#tally = new TrafficTally(telemetry, (traffic) => {
      this.#link.say({ kind: 'traffic', traffic });
    });
    this.answers = workerAnswers(this, this.#parts, this.#counts, sockets);
    void this.#takeDescriptors(sockets);
    this.#beat = setInterval(() => {
      this.tellBeat();
    }, BEAT_MS).unref();
    this.tellBeat();
  }

  /** Builds a generation beside the live one, with the sections of the config that a worker follows by itself. */
  async prepare(id: number, source: GenerationSource, slots: GrantedSlots): Promise<void> {
    const { config } = source;
    const { telemetryControl } = this.#thread;
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#slots.follow(id, slotKeysOf(source), slots);
    try {
      if (this.#generation === 0) await telemetryControl.begin({ config });
      await this.#parts.proxy.prepare(id, source);
      const telemetry = await telemetryControl.prepare({ config });
      // Nobody waits for this worker yet.
      if (this.#generation === 0) await collectGarbage();
      if (attempt === this.#attempt) this.#pending.set(id, { source, telemetry });
      else {
        telemetry.unwind();
        throw takenBack();
      }
    } catch (error) {
      // It may have been taken back meanwhile, and another one prepared under its number.
      if (attempt === this.#attempt) this.abort(id);
      throw error;
    }
  }

  /** Swaps generations within the call. */
  async commit(id: number): Promise<SwapReading> {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending !== undefined) {
      const { config } = pending.source;
      pending.telemetry.commit();
      this.#counts.apply(config.metrics);
      this.#tally.follow(config.reload.watch_errors, pending.source.hash);
    }
    this.#slots.commit(id);
    const swapped = this.#parts.proxy.commit(id);
    const [seconds, nanoseconds] = process.hrtime();
    this.#generation = id;
    this.tellBeat();
    await swapped;
    return { swappedAtMs: seconds * 1_000 + nanoseconds / 1_000_000 };
  }

  abort(id: number): void {
    this.#attempt += 1;
    this.#pending.get(id)?.telemetry.unwind();
    this.#pending.delete(id);
    this.#parts.proxy.abort(id);
    this.#slots.abort(id);
  }

  /** Finishes what runs, and then writes what is left to write. */
  async finish(): Promise<void> {
    await this.#parts.proxy.finish();
    // The last spans may have to find their collector, so names are still looked up.
    await this.#thread.telemetryControl.close();
    await this.#thread.logging.close();
  }

  heard(told: Told): void {
    if (told.kind === 'neighbour') this.#wakes.connect(told.worker, told.port);
    else if (told.kind === 'log-taken') this.#log.taken(told);
    else if (told.kind === 'stop-work') this.#stopWork();
    else this.#feeds.take(told);
  }

  async #takeDescriptors(sockets: SharedSockets): Promise<void> {
    try {
      await DescriptorInbox.join(this.#start.invited, (socket, handle) => {
        sockets.taken(socket, handle);
      });
    } catch (error) {
      // What asks for descriptors fails then, and says so.
      this.strayError(error);
    }
  }

  tellBeat(): void {
    this.#words.beat(this.#start.index, {
      atMs: this.#clock.now(),
      generation: this.#generation,
      connections: this.#parts.proxy.connectionCount,
      heapUsedKiB: Math.round(v8.getHeapStatistics().used_heap_size / 1_024),
    });
  }

  /** Logs an error that nobody caught. */
  strayError(error: unknown): void {
    this.#thread.strayErrors.report(error);
  }

  /** Something wrote more to an output of the process than could go out, past the log. */
  outputDropped(output: string, droppedWrites: number): void {
    this.#thread.logging.logger.warn('more is written past the log than can go out: the rest is dropped', {
      output,
      dropped_writes: droppedWrites,
      advice: 'a plugin writes too much, most likely by console.log',
    });
  }

  /** For the end of the thread: writes as much of the log as can be written at once. */
  flushLogsNow(): void {
    this.#thread.logging.flushNow();
  }

  #shortageReports(): ShortageReports {
    return new ShortageReports((code, counts) => {
      this.#link.say({ kind: 'shortage', code, counts });
    });
  }

  #sharedSockets(worker: number): SharedSockets {
    return new SharedSockets({
      worker,
      wakes: this.#wakes,
      need: (socket, count) => {
        this.#link.say({ kind: 'need', socket, count });
      },
    });
  }

  #feedClients({ ticketKeys, refusedTickets }: WorkerStart): FeedClients {
    const supervisor: FeedSupervisor = {
      report: (report) => {
        this.#link.say(report);
      },
      lookUp: (host) => this.#link.ask({ kind: 'look-up', host }, LOOK_UP_LIMIT_MS),
    };
    return new FeedClients(supervisor, ticketKeys, refusedTickets);
  }

  #stopWork(): void {
    clearInterval(this.#beat);
    this.#parts.proxy.destroy();
    // Nothing is said any more once the link has ended.
    this.#thread.logging.flushNow();
    this.#counts.destroy();
    this.#tally.destroy();
    this.#resources.destroy();
    this.#wakes.close();
    this.#link.destroy('it stops its workers');
  }

  async #metricsPage(request: Parameters<MovingPage>[0]): Promise<MetricsPage> {
    const page = await this.#link.ask({ kind: 'metrics-page', request }, PAGE_LIMIT_MS);
    // A Buffer arrives as the bytes that it is.
    return { ...page, body: Buffer.from(page.body) };
  }
}

type MovingPage = Parameters<typeof createMovingParts>[0]['metricsPage'];
