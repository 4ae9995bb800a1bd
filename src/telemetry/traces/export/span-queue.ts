import { withTimeout } from '../../../time/with-timeout.ts';
import type { tracing } from '@opentelemetry/sdk-node';
import type { RecordedSpan } from '../spans/recorded-span.ts';
import type { SpanExporter } from './collector.ts';
import type { SpanCounts } from '../../../readings/counts/telemetry.ts';

/**
 * Counts exported and lost spans since the start. It outlives the queues that count into it: an edit of `tracing` replaces the queue, and
 * the old one still exports or drops spans while it ends.
 */
export class SpanStats implements SpanCounts {
  exported = 0;
  dropped = 0;
}

/** Limits of a {@link SpanQueue}. */
export interface SpanQueueOptions {
  /** Makes the exporter; called again after an exporter that hung was shut down. */
  readonly connect: () => SpanExporter;
  /** Counts exported and lost spans. Default: a new one. */
  readonly stats?: SpanStats;
  /** Number of spans that may wait; further ones are dropped and counted. Default: 4096. */
  readonly queueSize?: number;
  /** Number of spans in one export. They are encoded in one piece, at 2 µs each. Default: 1024. */
  readonly batchSize?: number;
  /** A span waits at most this time for others. Default: 1 s. */
  readonly batchDelayMs?: number;
  /** An export that takes longer than this has failed. Default: 10 s. */
  readonly exportTimeoutMs?: number;
  /** Called with an error when exports begin to fail, and with undefined when they work again. */
  readonly changed?: (error: Error | undefined) => void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const SHUTDOWN_DEADLINE_MS = 2000;

/**
 * Sends finished spans to the collector, one batch at a time. While the collector is away, exports pause, the queue fills up to its limit, and
 * further spans are dropped and counted. It never throws, and never makes requests wait.
 *
 * It replaces the SDK's batch processor, which does not count dropped spans, encodes every batch for a dead collector, and begins the next
 * export while an export that hangs still holds its socket.
 */
export class SpanQueue implements tracing.SpanProcessor {
  readonly #stats: SpanStats;
  readonly #connect: () => SpanExporter;
  readonly #changed: (error: Error | undefined) => void;
  readonly #queueSize: number;
  readonly #batchSize: number;
  readonly #batchDelayMs: number;
  readonly #exportTimeoutMs: number;
  #exporter: SpanExporter | undefined;
  #spans: RecordedSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #exporting: Promise<void> | undefined;
  #pauseMs = 0;
  #closed = false;

  constructor(options: SpanQueueOptions) {
    this.#stats = options.stats ?? new SpanStats();
    this.#connect = options.connect;
    this.#changed = options.changed ?? (() => undefined);
    this.#queueSize = options.queueSize ?? 4096;
    this.#batchSize = options.batchSize ?? 1024;
    this.#batchDelayMs = options.batchDelayMs ?? 1000;
    this.#exportTimeoutMs = options.exportTimeoutMs ?? 10_000;
  }

  /** True when the next span would be dropped, so that it need not be made. */
  get full(): boolean {
    return this.#closed || this.#spans.length >= this.#queueSize;
  }

  /** Counts spans that were not made because the queue is full. */
  drop(count: number): void {
    this.#stats.dropped += count;
  }

  onStart(): void {
    // Nothing to do: the SDK's own spans are not exported.
  }

  onEnd(): void {
    // Nothing to do, as in onStart.
  }

  add(span: RecordedSpan): void {
    if (this.full) {
      this.drop(1);
      return;
    }
    this.#spans.push(span);
    this.#schedule();
  }

  /** Exports the spans that wait now. Resolves also when that fails. */
  async forceFlush(): Promise<void> {
    let left = this.#spans.length;
    while (left > 0) {
      await this.#exporting;
      left = Math.min(left, this.#spans.length) - this.#batchSize;
      this.#clearTimer();
      await this.#exportBatch(this.#exportTimeoutMs);
    }
    await this.#exporting;
  }

  /** Tries for two seconds to export the spans that wait. Never rejects. */
  async shutdown(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#clearTimer();
    const giveUpAt = performance.now() + SHUTDOWN_DEADLINE_MS;
    const leftMs = (): number => giveUpAt - performance.now();
    const exporting = this.#exporting ?? Promise.resolve();
    await withTimeout(exporting, { limitMs: SHUTDOWN_DEADLINE_MS, expired: () => undefined });
    while (this.#exporting === undefined && this.#spans.length > 0 && this.#pauseMs === 0 && leftMs() > 0) {
      await this.#exportBatch(leftMs());
    }
    this.drop(this.#spans.length);
    this.#spans = [];
    this.#disconnect();
  }

  #schedule(): void {
    if (this.#exporting !== undefined || this.#spans.length === 0 || this.#closed) return;
    const full = this.#spans.length >= this.#batchSize && this.#pauseMs === 0;
    if (full) {
      this.#clearTimer();
      void this.#exportBatch(this.#exportTimeoutMs);
      return;
    }
    if (this.#timer !== undefined) return;
    const exportNow = (): void => {
      this.#timer = undefined;
      void this.#exportBatch(this.#exportTimeoutMs);
    };
    this.#timer = setTimeout(exportNow, Math.max(this.#pauseMs, this.#batchDelayMs)).unref();
  }

  #exportBatch(timeoutMs: number): Promise<void> {
    const batch = this.#spans.splice(0, this.#batchSize);
    if (batch.length === 0) return Promise.resolve();
    const exporting = this.#send(batch, timeoutMs).then((error) => {
      this.#exporting = undefined;
      if (error === undefined) this.#succeeded(batch.length);
      else this.#failed(batch.length, error);
      this.#schedule();
    });
    this.#exporting = exporting;
    return exporting;
  }

  /** Resolves with the error of a failed export, and with undefined after a successful one. */
  #send(batch: RecordedSpan[], timeoutMs: number): Promise<Error | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        // The request that hangs would hold its socket for ever.
        this.#disconnect();
        resolve(new Error(`the trace collector did not answer within ${Math.round(timeoutMs)} ms`));
      }, timeoutMs);
      const done = (error: Error | undefined): void => {
        clearTimeout(timer);
        resolve(error);
      };
      try {
        this.#exporter ??= this.#connect();
        this.#exporter.export(batch, ({ code, error }) => {
          done(isSuccess(code) ? undefined : (error ?? new Error('the export failed')));
        });
      } catch (thrown) {
        done(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
    });
  }

  #succeeded(count: number): void {
    this.#stats.exported += count;
    if (this.#pauseMs === 0) return;
    this.#pauseMs = 0;
    this.#changed(undefined);
  }

  #failed(count: number, error: Error): void {
    this.drop(count);
    const first = this.#pauseMs === 0;
    this.#pauseMs = first ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    if (first) this.#changed(error);
  }

  #disconnect(): void {
    const exporter = this.#exporter;
    this.#exporter = undefined;
    // The Jaeger exporter rejects when the collector hangs. That does not matter: its sockets are closed.
    exporter?.shutdown().catch(() => undefined);
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Compares with `ExportResultCode.SUCCESS` without loading its package. */
function isSuccess(code: number): boolean {
  return code === 0;
}
