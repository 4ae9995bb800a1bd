import { connect, type Socket } from 'node:net';

import type { FuzzCase } from './case.ts';
import { StrictReader, valuesOf, type StrictHead } from './strict-reader.ts';

/** Nothing takes longer, whatever happens. */
export const CASE_LIMIT_MS = 15_000;
/** Nothing moved for so long: a blind case has got all that it gets. */
const QUIET_MS = 15;

/** A final response as it came. */
export interface GotResponse {
  readonly status: number;
  readonly head: StrictHead;
  readonly nonce: string | undefined;
  body: string;
  complete: boolean;
  trailers: readonly string[];
  /** Interim responses before it. */
  readonly interims: number;
  untilClose: boolean;
}

/** The answers that a client got. */
export interface Sight {
  readonly responses: readonly GotResponse[];
  /** Everything, as it came. */
  readonly received: string;
  /** Why the bytes were no sound message; undefined when they were. */
  readonly malformed: string | undefined;
  /** The proxy's side ended, in order or with a reset, before the client left. */
  readonly ending: 'end' | 'reset' | undefined;
  readonly left: boolean;
  /** The time limit was reached. */
  readonly hung: boolean;
  readonly interimsOnly: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** The client of one case. */
export class CaseRun {
  readonly #case: FuzzCase;
  readonly #done: (sight: Sight) => void;
  readonly #socket: Socket;
  readonly #reader: StrictReader;
  readonly #limit: NodeJS.Timeout;
  readonly #startedAtMs = performance.now();
  readonly #responses: GotResponse[] = [];
  #current: GotResponse | undefined;
  #finals = 0;
  #interims = 0;
  #received = '';
  #malformed: string | undefined;
  #ending: 'end' | 'reset' | undefined;
  #step = 0;
  #timer: NodeJS.Timeout | undefined;
  #left = false;
  #hung = false;
  #over = false;

  constructor(fuzzCase: FuzzCase, port: number, done: (sight: Sight) => void) {
    this.#case = fuzzCase;
    this.#done = done;
    this.#limit = setTimeout(() => {
      this.#hung = true;
      this.#socket.destroy();
    }, CASE_LIMIT_MS);
    this.#reader = new StrictReader('response', {
      head: (head) => this.#head(head),
      body: (text) => {
        if (this.#current !== undefined) this.#current.body += text;
      },
      end: (trailers) => this.#end(trailers),
      malformed: (why) => (this.#malformed = why),
    });
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#listen();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.once('connect', () => {
      if (this.#case.deafMs > 0) {
        socket.pause();
        setTimeout(() => socket.resume(), this.#case.deafMs);
      }
      this.#sendOn();
    });
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      this.#received += text;
      this.#expectHead();
      this.#reader.feed(text);
      this.#sendOn();
    });
    socket.on('end', () => {
      // A reset right behind data is reported as an end; but then there is no peer any more.
      const reset = socket.remoteFamily === undefined;
      if (!this.#left) this.#ending ??= reset ? 'reset' : 'end';
      if (!reset && this.#current !== undefined && this.#reader.untilClose) this.#end([]);
      // Sending on may go on for a moment: the proxy must bear it.
      socket.end();
    });
    socket.on('error', () => {
      if (!this.#left) this.#ending ??= 'reset';
    });
    socket.on('close', () => this.#finish());
  }

  #head(head: StrictHead): void {
    const status = Number(head.startLine.slice(9, 12));
    if (status < 200 && status !== 101) {
      this.#interims += 1;
      return;
    }
    this.#current = {
      status,
      head,
      nonce: valuesOf(head, 'x-nonce')[0],
      body: '',
      complete: false,
      trailers: [],
      interims: this.#interims,
      untilClose: false,
    };
    this.#interims = 0;
    this.#responses.push(this.#current);
    if (status === 101) {
      this.#finals += 1;
      const rest = this.#reader.becomeRaw();
      this.#current.body += rest;
    }
  }

  #end(trailers: readonly string[]): void {
    const current = this.#current;
    // The end of an interim response.
    if (current === undefined) return;
    current.complete = true;
    current.trailers = trailers;
    current.untilClose = this.#reader.untilClose;
    this.#current = undefined;
    this.#finals += 1;
    this.#expectHead();
  }

  #expectHead(): void {
    this.#reader.answersHead = !this.#case.blind && this.#case.requests[this.#finals]?.method === 'HEAD';
  }

  /** Sends what may be sent now, or leaves. */
  #sendOn(): void {
    if (this.#left || this.#timer !== undefined || this.#socket.destroyed) return;
    const { steps } = this.#case;
    for (;;) {
      const step = steps[this.#step];
      if (step === undefined) {
        this.#mayLeave();
        return;
      }
      if (step.afterResponses > this.#finals) return;
      if (step.pauseMs >= 0) {
        const dueAtMs = performance.now() + step.pauseMs;
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#case.lateMs += performance.now() - dueAtMs;
          this.#write();
          this.#sendOn();
        }, step.pauseMs);
        return;
      }
      this.#write();
    }
  }

  #write(): void {
    const step = this.#case.steps[this.#step]!;
    this.#step += 1;
    if (this.#socket.writable) this.#socket.write(step.text, 'latin1');
  }

  /** All is sent. */
  #mayLeave(): void {
    const { leaving, requests, echo } = this.#case;
    switch (leaving.when) {
      case 'done': {
        const got =
          this.#finals >= requests.length &&
          (this.#current === undefined || this.#current.body.length >= echo.length);
        // A client that was told that the connection ends waits for the end.
        if (got && !(requests.at(-1)?.closes === true && echo === '')) this.#leave();
        break;
      }
      case 'abort':
        if (this.#received.length >= leaving.afterReceivedBytes || leaving.delayMs > 0) {
          this.#timer = setTimeout(() => this.#leave(), leaving.delayMs);
        }
        break;
      case 'quiet':
        this.#leaveWhenQuiet();
        break;
      case 'stay':
        break;
    }
  }

  #leaveWhenQuiet(): void {
    const before = this.#received.length;
    this.#timer = setTimeout(() => {
      if (this.#received.length === before && this.#case.pending <= 0) this.#leave();
      else this.#leaveWhenQuiet();
    }, QUIET_MS);
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    const { how } = this.#case.leaving;
    if (how === 'end') this.#socket.end();
    else if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#limit);
    clearTimeout(this.#timer);
    this.#done({
      responses: this.#responses,
      received: this.#received,
      malformed: this.#malformed,
      ending: this.#ending,
      left: this.#left,
      hung: this.#hung,
      interimsOnly: this.#interims,
      startedAtMs: this.#startedAtMs,
      durationMs: performance.now() - this.#startedAtMs,
    });
  }
}
