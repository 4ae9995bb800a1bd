import type { ErrorCode } from '../../../src/errors.ts';
import type {
  Answer,
  Backend,
  ByteStream,
  Connection,
  Deadline,
  LogFields,
  ProtocolInstance,
  TraceCarrier,
} from '../../../src/plugin-api/index.ts';
import type { FieldRules } from './field-rules.ts';
import type { RequestHead, ResponseHead } from './message-head.ts';
import type { Refusal } from './refusal/refusal.ts';
import type { FieldLine } from './trailers.ts';

/**
 * The client's side of one request: where its response is written. A codec makes it, and knows all that its version of HTTP adds to
 * the message: framing, and what becomes of the connection. HTTP/1 has one such stream a connection, which serves one request after
 * the other; HTTP/2 will have one a request.
 *
 * A call that writes returns false under backpressure: write no more until {@link RequestEvents.drained}.
 * Text of fields (`own`) is made of whole lines, each with its CRLF.
 */
export interface ServerStream {
  readonly connection: Connection;
  /** The one time limit of the request. When it passes, {@link RequestEvents.expired} is called. */
  readonly deadline: Deadline;
  /** True while the client has not taken what was written to it. */
  readonly isBlocked: boolean;
  /** Whether the connection serves further requests behind this response. Settled when the head of the response is written. */
  readonly staysOpen: boolean;
  /** `events` hears of the rest of the request. To be called before {@link RequestHandler.request} returns. */
  listen(events: RequestEvents): void;
  /** Tells the client to send the body that it holds back until then (100 Continue). */
  proceed(): void;
  /** Passes an interim response (1xx) on. */
  interim(head: ResponseHead, rules: FieldRules): void;
  /**
   * Begins the response with a backend's head.
   *
   * @param own the fields that we add
   * @param bodyLength in bytes; -1 when only the end of the body tells
   */
  respond(head: ResponseHead, rules: FieldRules, own: string, bodyLength: number): void;
  /** Answers that the connection changes to the protocol `chosen` (101). */
  switchProtocols(head: ResponseHead, rules: FieldRules, own: string, chosen: string): void;
  /** Gives a whole response that is the proxy's own. `date`: as in a Date field. */
  answer(answer: Answer, date: string, method: string, own: string): void;
  /** Writes, or joins with what follows, a piece of the body in borrowed memory. */
  body(bytes: Buffer, start: number, end: number): boolean;
  /** The response's body is complete. */
  finish(trailers: readonly FieldLine[]): void;
  /** Writes what was joined. */
  flush(): boolean;
  /** Reads no more of the request, or goes on with it. */
  pause(): void;
  resume(): void;
  /** The connection ends after this response, because what the client sends behind its request can't be trusted. */
  closeAfterwards(): void;
  /** Breaks the response off, so that the client sees that it is not whole. `resets`: what the client has not taken is thrown away. */
  abort(resets: boolean): void;
  /** The client does not take what was written to it. Returns after how many milliseconds to ask {@link keepsPace}. */
  awaitReader(): number;
  /** False when the client takes its response too slowly. */
  keepsPace(): boolean;
  /** From now on only bytes count, in both directions: they are the caller's. */
  becomeTunnel(): ServerTunnel;
  /** The response is written, or broken off: the stream is the codec's again. The last call of a request. */
  release(): void;
}

/** The client's side of what became a tunnel. */
export interface ServerTunnel {
  readonly stream: ByteStream;
  /** What the client sent behind its request; undefined when it sent nothing. */
  readonly ahead: Buffer | undefined;
}

/** Who serves a request: it is told what comes of it behind its head. */
export interface RequestEvents {
  /** What log lines about the request have in common. */
  logFields(): LogFields;
  /** For operators who ask what runs. */
  readonly instance: ProtocolInstance;
  readonly upstreamName: string | undefined;
  readonly backend: Backend | undefined;
  /** A piece of the body in borrowed memory. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The request is complete. */
  end(trailers: readonly FieldLine[]): void;
  /** All that arrived at once was told. `bytes` of it were the body's, with what frames it. */
  flush(bytes: number): void;
  /** The body is malformed. */
  malformed(refusal: Refusal): void;
  /** The client took all that it had not. `keptPace`: as {@link ServerStream.keepsPace}. */
  drained(keptPace: boolean): void;
  /** The time that was set passed. */
  expired(): void;
  /** The stream is over. `reason`: why, where the proxy itself ended it. */
  gone(reason: ErrorCode | undefined): void;
}

/** What can be told of a request whose head did not arrive to its end, or can't be read: for logs and traces, never to act upon. */
export interface UnreadRequest extends TraceCarrier {
  /** '' when there is none. */
  readonly method: string;
  /** As far as it arrived; '' when there is none. */
  readonly target: string;
  /** `HTTP/1.1`; '' when there is none. */
  readonly protocol: string;
  /** The values of all fields of that name (lower case) as one list; '' when there is none. */
  joined(lowerName: string): string;
}

/** Who serves the requests of one connection. */
export interface RequestHandler<Settings> {
  /** The settings that are live; undefined when the listener speaks another protocol by now. */
  readonly current: Settings | undefined;
  /** The head of a request is complete. It calls {@link ServerStream.listen} at once. */
  request(stream: ServerStream, head: RequestHead, settings: Settings): void;
  /**
   * What arrived is no request, or not one within the limits: to be answered at once.
   *
   * @param begunAtMs when its first byte came, on the clock of `performance`
   */
  refused(
    stream: ServerStream,
    request: UnreadRequest,
    refusal: Refusal,
    settings: Settings,
    begunAtMs: number,
  ): void;
  /** The connection ended within the head of a request, for the reason `error`. */
  unfinished(request: UnreadRequest, error: ErrorCode, settings: Settings, begunAtMs: number): void;
  /** No further request comes: what was kept for the client's next one is not needed any more. May be called several times. */
  close(): void;
}
