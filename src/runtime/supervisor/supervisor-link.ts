import type { MessagePort } from 'node:worker_threads';

import type { AnswerOf, Ask, FromWorker, QuestionKind, Report, Told, ToWorker } from './messages.ts';
import { toWire } from './wire-error.ts';

/** Answers questions of the supervisor. What one throws or rejects with is the refusal that the supervisor gets. */
export type Answers = {
  readonly [Kind in QuestionKind]: (
    ask: Ask<Kind>,
    /** Aborted when nobody waits for the answer any more. */
    signal: AbortSignal,
  ) => AnswerOf<Kind> | Promise<AnswerOf<Kind>>;
};

/** What a worker does about messages. */
export interface SupervisorHandlers {
  readonly answers: Answers;
  told(told: Told): void;
}

/** The worker's end of the talk with the supervisor. */
export class SupervisorLink {
  readonly #port: MessagePort;
  readonly #handlers: SupervisorHandlers;
  readonly #running = new Map<number, AbortController>();

  constructor(port: MessagePort, handlers: SupervisorHandlers) {
    this.#port = port;
    this.#handlers = handlers;
    port.on('message', (message: ToWorker) => {
      if (message.frame === 'ask') void this.#answer(message.id, message.ask);
      else if (message.frame === 'cancel') this.#running.get(message.id)?.abort();
      else handlers.told(message.told);
    });
  }

  /** @param transfer what moves with the report instead of being copied; it can't be used here any more */
  report(report: Report, transfer: readonly ArrayBuffer[] = []): void {
    this.#post({ frame: 'report', report }, transfer);
  }

  /** Ends the talk. The thread may end then. */
  close(): void {
    this.#port.close();
  }

  async #answer(id: number, ask: Ask): Promise<void> {
    const stop = new AbortController();
    this.#running.set(id, stop);
    try {
      const answer = this.#handlers.answers[ask.kind] as (ask: Ask, signal: AbortSignal) => unknown;
      const value = await answer(ask, stop.signal);
      this.#post({ frame: 'answer', id, value }, numbersOf(value));
    } catch (error) {
      this.#post({ frame: 'refusal', id, error: toWire(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #post(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** Long rows of numbers in an answer. They are made for the answer, so they move instead of being copied. */
function numbersOf(value: unknown): readonly ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return [];
  const parts: readonly unknown[] = Object.values(value);
  return parts.flatMap((part) =>
    part instanceof Float64Array && part.buffer instanceof ArrayBuffer ? [part.buffer] : [],
  );
}
