import type { HealthReport } from '../../plugin-api/index.ts';
import type { BackendDetails, PoolReading } from '../../readings/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../readings/connection.ts';
import type { ProxyReadings, RunningReading } from '../../readings/proxy.ts';
import type { GenerationSource } from '../control/proxy-control.ts';
import type { ExplainQuestion } from '../explain/explain-question.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { WireError } from './wire-error.ts';

/** A question to a worker: what it says beside its kind, and what it is answered with. */
interface Question<Said extends object, Answer> {
  readonly said: Said;
  readonly answer: Answer;
}

/**
 * What the supervisor asks of a worker, by kind. Each question gets one answer or one refusal. All of it is plain data: it crosses from one
 * thread to another as a copy.
 */
export interface WorkerQuestions {
  /** Whether the worker's event loop turns. */
  readonly ping: Question<object, undefined>;
  /** As `ProxyControl.prepare`. */
  readonly prepare: Question<{ readonly generation: number; readonly source: GenerationSource }, undefined>;
  /** Listens with the descriptors that are granted to the worker. The answer comes when all of them came and listen. */
  readonly bind: Question<
    { readonly generation: number; readonly sockets: readonly GrantedSocket[] },
    undefined
  >;
  /** As `ProxyControl.commit`. */
  readonly commit: Question<{ readonly generation: number }, SwapReading>;
  /** As `ProxyControl.abort`. */
  readonly abort: Question<{ readonly generation: number }, undefined>;
  /** Stops accepting on a socket, so that its address becomes free. */
  readonly 'close-socket': Question<{ readonly socket: number }, undefined>;
  /** Accepts on a socket again, with a descriptor that is sent. */
  readonly 'open-socket': Question<{ readonly socket: number }, undefined>;
  readonly readings: Question<object, ProxyReadings>;
  readonly running: Question<object, RunningReading>;
  readonly backends: Question<object, readonly BackendDetails[]>;
  readonly pools: Question<object, readonly PoolReading[]>;
  readonly health: Question<object, HealthReport>;
  readonly connections: Question<{ readonly query: ConnectionsQuery }, ConnectionsReading>;
  readonly explain: Question<{ readonly question: ExplainQuestion }, Explanation | undefined>;
  /** As `ProxyControl.drain`. */
  readonly drain: Question<{ readonly limitMs: number }, undefined>;
}

/** A kind of {@link WorkerQuestions}. */
export type QuestionKind = keyof WorkerQuestions;

/** A question of that kind. */
export type Ask<Kind extends QuestionKind = QuestionKind> = {
  readonly [K in Kind]: { readonly kind: K } & WorkerQuestions[K]['said'];
}[Kind];

/** What a question of that kind is answered with. */
export type AnswerOf<Kind extends QuestionKind> = WorkerQuestions[Kind]['answer'];

/** A listening socket that workers share: each of them gets descriptors of its own. */
export interface GrantedSocket {
  /** Tells it from the other sockets of the proxy. */
  readonly socket: number;
  /** The address as the config has it, in text. */
  readonly address: string;
}

/** When a worker swapped generations. */
export interface SwapReading {
  /** ms since 1970, with fractions, by a clock that all threads share. */
  readonly swappedAtMs: number;
}

/** What the supervisor tells a worker, without an answer. */
export interface Told {
  /** The worker ends when what it has begun to say is said. */
  readonly kind: 'stop-work';
}

/** What a worker reports by itself. */
export type Report =
  /** Descriptors of a socket that the worker needs beside those that it has. */
  | { readonly kind: 'need'; readonly socket: number; readonly count: number }
  /** No connection is left that a replaced generation served. */
  | { readonly kind: 'generation-over'; readonly generation: number };

/** What goes to a worker over its port. */
export type ToWorker =
  | { readonly frame: 'ask'; readonly id: number; readonly ask: Ask }
  /** Nobody waits for the answer any more. */
  | { readonly frame: 'cancel'; readonly id: number }
  | { readonly frame: 'tell'; readonly told: Told };

/** What comes from a worker over its port. */
export type FromWorker =
  | { readonly frame: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly frame: 'refusal'; readonly id: number; readonly error: WireError }
  | { readonly frame: 'report'; readonly report: Report };
