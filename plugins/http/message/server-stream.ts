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
 * The client's side of one request: the exchange writes the response to it, and it calls {@link RequestEvents} for the rest of the
 * request. A codec implements it, and does all that its version of HTTP adds to a message: the framing, and whether the connection stays
 * open. HTTP/1 has one such stream a connection, which serves one request after the other; HTTP/2 will have one a request.
 *
 * A call that writes returns false under backpressure: write no more until {@link RequestEvents.drained}.
 * The text of fields (`own`) consists of whole lines, each with its CRLF.
 */
export interface ServerStream {
  readonly connection: Connection;
  /** How many requests have begun on the connection, this one included. */
  readonly requests: number;
  /** The one time limit of the request. When it passes, {@link RequestEvents.expired} is called. */
  readonly deadline: Deadline;
  /** True while the client has not taken all that was written to it. */
  readonly isBlocked: boolean;
  /** Whether the connection serves further requests after this response. It is settled when the head of the response is written. */
  readonly staysOpen: boolean;
  /** Sets whose events are called for the rest of the request. {@link RequestHandler.request} must call this before it returns. */
  listen(events: RequestEvents): void;
  /** Sends 100 Continue: the client has waited for it, and sends the body now. */
  proceed(): void;
  /** Passes an interim response (1xx) of a backend on to the client. */
  interim(head: ResponseHead, rules: FieldRules): void;
  /**
   * Begins the response with a backend's head.
   *
   * @param own the fields that the proxy adds
   * @param bodyLength in bytes; -1 when only the end of the body tells it
   */
  respond(head: ResponseHead, rules: FieldRules, own: string, bodyLength: number): void;
  /** Passes a backend's 101 on: the connection changes to the protocol `chosen`. */
  switchProtocols(head: ResponseHead, rules: FieldRules, own: string, chosen: string): void;
  /** Writes a whole response that the proxy itself made. `date`: the value of the field Date. `method`: the request's. */
  answer(answer: Answer, date: string, method: string, own: string): void;
  /** Writes a piece of the body, or keeps it until {@link flush}. The memory is borrowed: valid only during the call. */
  body(bytes: Buffer, start: number, end: number): boolean;
  /** Ends the response's body. */
  finish(trailers: readonly FieldLine[]): void;
  /** Writes what was kept. */
  flush(): boolean;
  /** Stops reading from the client, until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Ends the connection after this response, because the bytes that the client sends next can't be trusted to be a request. */
  closeAfterwards(): void;
  /** Breaks the response off, so that the client sees that it is not whole. `resets`: discard at once what the client has not taken. */
  abort(resets: boolean): void;
  /** Begins to watch a client that does not take what was written to it. Returns after how many milliseconds to ask {@link keepsPace}. */
  awaitReader(): number;
  /** False when the client takes its response too slowly. */
  keepsPace(): boolean;
  /** Ends HTTP on this stream: from now on the caller reads and writes its bytes. */
  becomeTunnel(): ServerTunnel;
  /** Gives the stream back to the codec after the response was written. The exchange makes no further call. */
  release(): void;
}

/** The client's side of an exchange that became a tunnel. */
export interface ServerTunnel {
  readonly stream: ByteStream;
  /** Bytes that the client sent after its request and that nobody has read; undefined when there are none. */
  readonly ahead: Buffer | undefined;
}

/** What a {@link ServerStream} calls after the head of a request: its body, its end, and what happens to the stream. */
export interface RequestEvents {
  /** The fields that every log line about the request has. */
  logFields(): LogFields;
  /** The instance that serves the request. This and the next two are for operators who list the connections. */
  readonly instance: ProtocolInstance;
  readonly upstreamName: string | undefined;
  readonly backend: Backend | undefined;
  /** A piece of the body arrived. The memory is borrowed: valid only during the call. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The request is complete. */
  end(trailers: readonly FieldLine[]): void;
  /** All events of one read from the socket were called. `bytes` of what was read belong to the body, framing included. */
  flush(bytes: number): void;
  /** The body is malformed. */
  malformed(refusal: Refusal): void;
  /** Backpressure is over: the client took all that was written. `keptPace`: as {@link ServerStream.keepsPace}. */
  drained(keptPace: boolean): void;
  /** The {@link ServerStream.deadline} passed. */
  expired(): void;
  /** The stream ended, and nothing can be written any more. `reason`: why the proxy ended it; undefined when the client did. */
  gone(reason: ErrorCode | undefined): void;
}

/** What is known of a request whose head is not complete, or can't be read. It is for logs and traces; nothing else may rely on it. */
export interface UnreadRequest extends TraceCarrier {
  /** '' when it did not arrive. */
  readonly method: string;
  /** The part that arrived; '' when none did. */
  readonly target: string;
  /** `HTTP/1.1`; '' when it did not arrive. */
  readonly protocol: string;
  /** The values of all fields of that name (lower case) as one list; '' when there is none. */
  joined(lowerName: string): string;
}

/** What a codec calls for the requests of one client's connection. */
export interface RequestHandler<Settings> {
  /** The settings that are live; undefined when the listener does not speak HTTP any more. */
  readonly current: Settings | undefined;
  /** The head of a request is complete. The handler calls {@link ServerStream.listen} before it returns. */
  request(stream: ServerStream, head: RequestHead, settings: Settings): void;
  /**
   * What arrived is not a request, or breaks the limits. The handler answers it before it returns.
   *
   * @param begunAtMs when the first byte came, on the clock of `performance`
   */
  refused(
    stream: ServerStream,
    request: UnreadRequest,
    refusal: Refusal,
    settings: Settings,
    begunAtMs: number,
  ): void;
  /** The connection ended, for the reason `error`, before the head of a request was complete. */
  unfinished(request: UnreadRequest, error: ErrorCode, settings: Settings, begunAtMs: number): void;
  /** No further request follows: the handler ends what it kept for the next one. May be called several times. */
  close(): void;
}
