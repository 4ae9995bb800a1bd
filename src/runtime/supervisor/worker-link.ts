import type { MessagePort } from 'node:worker_threads';

import { BalanceError } from '../../errors.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import type { AnswerOf, Ask, FromWorker, QuestionKind, Report, Told, ToWorker } from './messages.ts';
import { fromWire } from './wire-error.ts';

/** Hears of what a worker reports by itself. */
export interface ReportHandler {
  reported(report: Report): void;
}

interface PendingQuestion {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The supervisor's end of the talk with one worker. */
export class WorkerLink {
  readonly #port: MessagePort;
  readonly #name: string;
  readonly #pending = new Map<number, PendingQuestion>();
  #lastId = 0;
  #ended: BalanceError | undefined;

  /**
   * @param name what errors call the worker: `worker 2`
   * @param port its other end is in the worker; it is closed with the link
   */
  constructor(name: string, port: MessagePort, handler: ReportHandler) {
    this.#name = name;
    this.#port = port;
    port.on('message', (message: FromWorker) => {
      if (this.#ended !== undefined) return;
      if (message.frame === 'report') handler.reported(message.report);
      else this.#take(message);
    });
  }

  /**
   * Asks the worker. Rejects with the worker's refusal, with `worker_gone` when the worker has ended or ends first, with `worker_hung` when
   * no answer came within `limitMs`, with the signal's reason. An answer that comes later is dropped.
   */
  ask<Kind extends QuestionKind>(
    ask: Ask<Kind>,
    limitMs: number,
    signal?: AbortSignal,
  ): Promise<AnswerOf<Kind>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<AnswerOf<Kind>>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
    const waited = withTimeout(answered, {
      limitMs,
      signal,
      expired: () => {
        throw this.#hung(limitMs);
      },
    });
    try {
      this.#post({ frame: 'ask', id, ask: ask as Ask });
    } catch (error) {
      this.#pending
        .get(id)
        ?.reject(new BalanceError('internal', 'the question can not be sent', { cause: error }));
      this.#pending.delete(id);
    }
    return waited.finally(() => {
      // Without an answer: the wait was over first.
      if (this.#pending.delete(id)) this.#post({ frame: 'cancel', id });
    });
  }

  /** Tells the worker. Without effect when it has ended. */
  tell(told: Told): void {
    if (this.#ended === undefined) this.#post({ frame: 'tell', told });
  }

  /**
   * Ends the talk now, because the worker has ended. Questions that wait for an answer, and later ones, are rejected with `worker_gone`.
   *
   * @param reason completes a sentence: `worker 2 ended: …`
   */
  destroy(reason: string): void {
    if (this.#ended !== undefined) return;
    const gone = new BalanceError('worker_gone', `${this.#name} ended: ${reason}`);
    this.#ended = gone;
    this.#port.close();
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(gone);
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
  }

  #take(message: Exclude<FromWorker, { readonly frame: 'report' }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.frame === 'answer') pending?.resolve(message.value);
    else pending?.reject(fromWire(message.error));
  }

  #hung(limitMs: number): BalanceError {
    return new BalanceError('worker_hung', `${this.#name} did not answer within ${String(limitMs)} ms`);
  }
}
