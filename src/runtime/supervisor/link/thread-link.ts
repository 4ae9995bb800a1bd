import { receiveMessageOnPort, type MessagePort, type Transferable } from 'node:worker_threads';

import { BalanceError } from '../../../errors.ts';
import { withTimeout } from '../../../time/with-timeout.ts';
import type { AnswerOf, Ask, KindOf, ThreadMessage } from './thread-messages.ts';
import { fromWire, toWire } from './wire-error.ts';

/** Answers questions of the other thread. What one throws or rejects with is the refusal that the other thread gets. */
export type Answers<Questions extends object> = {
  readonly [Kind in KindOf<Questions>]: (
    ask: Ask<Questions, Kind>,
    /** Aborted when nobody waits for the answer any more. */
    signal: AbortSignal,
  ) => AnswerOf<Questions, Kind> | Promise<AnswerOf<Questions, Kind>>;
};

/** What one end does about the messages of the other. */
export interface LinkHandlers<Answered extends object, Heard> {
  readonly answers: Answers<Answered>;
  heard(message: Heard): void;
}

interface PendingQuestion {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One end of the talk between two threads: both can ask, answer and say something.
 *
 * @typeParam Asked the questions that this end asks, by kind
 * @typeParam Answered the questions that this end answers
 * @typeParam Said what this end says without being asked, and gets no answer to
 * @typeParam Heard what the other end says so
 */
export class ThreadLink<Asked extends object, Answered extends object, Said, Heard> {
  readonly #port: MessagePort;
  readonly #peer: string;
  readonly #handlers: LinkHandlers<Answered, Heard>;
  readonly #pending = new Map<number, PendingQuestion>();
  readonly #answering = new Map<number, AbortController>();
  #lastId = 0;
  #ended: BalanceError | undefined;

  /**
   * @param peer what errors call the other end: `worker 2`
   * @param port is closed with the link
   */
  constructor(peer: string, port: MessagePort, handlers: LinkHandlers<Answered, Heard>) {
    this.#peer = peer;
    this.#port = port;
    this.#handlers = handlers;
    port.on('message', (message: ThreadMessage) => {
      if (this.#ended === undefined) this.#take(message);
    });
  }

  /**
   * Asks the other end. Rejects with its refusal, with `worker_gone` when it has ended or ends first, with `worker_hung` when no answer came
   * within `limitMs` (default: any time), with the signal's reason. An answer that comes later is dropped.
   */
  ask<Kind extends KindOf<Asked>>(
    ask: Ask<Asked, Kind>,
    limitMs?: number,
    signal?: AbortSignal,
  ): Promise<AnswerOf<Asked, Kind>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<AnswerOf<Asked, Kind>>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#send({ frame: 'ask', id, ask });
    });
    const waited = withTimeout(answered, {
      ...(limitMs === undefined ? {} : { limitMs }),
      signal,
      expired: () => {
        throw new BalanceError('worker_hung', `${this.#peer} did not answer within ${String(limitMs)} ms`);
      },
    });
    return waited.finally(() => {
      // It still waits for an answer: the wait was over first.
      if (this.#pending.delete(id)) this.#send({ frame: 'cancel', id });
    });
  }

  /**
   * Says something that needs no answer. Without effect when the other end has ended.
   *
   * @param transfer what moves with the message instead of being copied; it can't be used here any more
   */
  say(said: Said, transfer?: readonly Transferable[]): void {
    this.#send({ frame: 'say', said }, transfer);
  }

  /** Takes at once what the other end has sent before it ended. Such messages may arrive later than the news of its end. */
  readRest(): void {
    for (
      let rest = receiveMessageOnPort(this.#port);
      rest !== undefined;
      rest = receiveMessageOnPort(this.#port)
    )
      this.#take(rest.message as ThreadMessage);
  }

  /**
   * Ends the talk now. Questions that wait for an answer, and later ones, are rejected with `worker_gone`; nothing is answered any more.
   *
   * @param reason completes a sentence: `worker 2 ended: …`
   */
  destroy(reason: string): void {
    if (this.#ended !== undefined) return;
    const gone = new BalanceError('worker_gone', `${this.#peer} ended: ${reason}`);
    this.#ended = gone;
    this.#port.close();
    for (const { reject } of this.#pending.values()) reject(gone);
    this.#pending.clear();
    for (const stop of this.#answering.values()) stop.abort(gone);
    this.#answering.clear();
  }

  #send(message: ThreadMessage, transfer: readonly Transferable[] = []): void {
    if (this.#ended === undefined) this.#port.postMessage(message, transfer);
  }

  #take(message: ThreadMessage): void {
    switch (message.frame) {
      case 'ask':
        void this.#answer(message.id, message.ask as Ask<Answered>);
        return;
      case 'cancel':
        this.#answering.get(message.id)?.abort();
        return;
      case 'say':
        this.#handlers.heard(message.said as Heard);
        return;
      case 'answer':
      case 'refusal': {
        const pending = this.#pending.get(message.id);
        this.#pending.delete(message.id);
        if (message.frame === 'answer') pending?.resolve(message.value);
        else pending?.reject(fromWire(message.error));
      }
    }
  }

  async #answer(id: number, ask: Ask<Answered>): Promise<void> {
    const stop = new AbortController();
    this.#answering.set(id, stop);
    try {
      const answer = this.#handlers.answers[ask.kind] as (ask: object, signal: AbortSignal) => unknown;
      const value = await answer(ask, stop.signal);
      this.#send({ frame: 'answer', id, value }, numbersOf(value));
    } catch (error) {
      this.#send({ frame: 'refusal', id, error: toWire(error) });
    } finally {
      this.#answering.delete(id);
    }
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
