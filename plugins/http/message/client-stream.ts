import type { BalanceError } from '../../../src/errors.ts';
import type { LogFields, Transport } from '../../../src/plugin-api/index.ts';
import type { FieldRules } from './field-rules.ts';
import type { MessageFault, Refusal } from './refusal/refusal.ts';
import type { RequestHead, ResponseHead } from './message-head.ts';
import type { FieldLine } from './trailers.ts';

/** What the proxy changes about a request on its way to the backend. */
export interface RequestEdits {
  /** The target that replaces the client's; undefined keeps the client's. */
  readonly target: string | undefined;
  /** The value of Host that replaces the client's; undefined keeps the client's. */
  readonly host: string | undefined;
  readonly rules: FieldRules;
  /** The protocols that the client may switch to; '' for none. */
  readonly upgrade: string;
  /** True when the proxy has sent 100 Continue to the client itself: the backend must not wait for the body. */
  readonly isBodySent: boolean;
}

declare const draft: unique symbol;

/**
 * The head of a request as a backend gets it, without the fields that differ from attempt to attempt. The codec makes it while the client's
 * head is still in memory, and the exchange keeps it until no further attempt can follow. Only codecs look into it. HTTP/1 keeps the text
 * that it will write: the start line and the field lines, each but the last with its CRLF.
 */
export type RequestDraft = string & { readonly [draft]: true };

/** Writes requests to backends and reads their responses, in one version of HTTP. */
export interface ClientCodec {
  /** Makes the head for the backend. `own`: the fields that the proxy adds, as lines each with its CRLF. */
  draft(head: RequestHead, edits: RequestEdits, own: string): RequestDraft;
  /** Takes a connection to a backend for one request. `events` is called as the response arrives. */
  open(channel: Transport, request: RequestOutline, events: ResponseEvents): ClientStream;
}

/** What a codec must know of a request to frame it, and to read its response. */
export interface RequestOutline {
  readonly method: string;
  /** True when the client's head did not tell the length of the body: only the end of the body tells it. */
  readonly isChunked: boolean;
}

/**
 * The backend's side of one attempt: the exchange writes the request to it, and it calls {@link ResponseEvents} for the response.
 * A call that writes returns false under backpressure: write no more until {@link ResponseEvents.drained}.
 */
export interface ClientStream {
  /** For how many milliseconds the backend keeps the connection open after this response; 0: the connection can't be used again. */
  readonly idleMs: number;
  /** Set when the response breaks the grammar, but has one safe reading, in which it was passed on. */
  readonly oddity: MessageFault | undefined;
  /** True once a byte of a response came. */
  readonly isAnswered: boolean;
  /** Begins the request. `tryLines`: the fields of this attempt, each line with a CRLF in front. {@link flush} sends them. */
  send(draft: RequestDraft, tryLines: string): void;
  /** Sends a piece of the body, or keeps it until {@link flush}. The memory is borrowed: valid only during the call. */
  body(bytes: Buffer, start: number, end: number): boolean;
  /** Sends `bytes` as a piece of the body. The memory belongs to the stream from now on, so that a large piece is not copied. */
  giveBody(bytes: Buffer): boolean;
  /** Ends the request's body. */
  finish(trailers: readonly FieldLine[]): void;
  /** Sends what was kept. */
  flush(): boolean;
  /** Stops reading the response, until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Ends the work of this stream: no event follows. The connection belongs to the caller again. */
  stop(): void;
}

/** What a {@link ClientStream} calls as the response arrives: its heads, its body, its end. */
export interface ResponseEvents {
  /** The fields that every log line about the request has. */
  logFields(): LogFields;
  /** An interim response (1xx) arrived. */
  interim(head: ResponseHead): void;
  /** The head of the final response arrived. `bodyLength` in bytes: 0 without a body, -1 when only the end of the body tells it. */
  head(head: ResponseHead, bodyLength: number): void;
  /**
   * The backend answered 101: it changes to `protocol`, '' when it names none. Returns a refusal when that is not allowed, else undefined.
   * The bytes that follow arrive as {@link data}, until another reader takes the channel over.
   */
  switched(head: ResponseHead, protocol: string): Refusal | undefined;
  /** A piece of the body arrived. The memory is borrowed: valid only during the call. */
  data(bytes: Buffer, start: number, end: number): void;
  /** All events of one read from the socket were called: now write what was kept. */
  flush(): void;
  /** The response is complete. */
  end(trailers: readonly FieldLine[]): void;
  /** Backpressure is over: the backend took all that was written. */
  drained(): void;
  /** The response is malformed: nothing more of it is read. */
  malformed(refusal: Refusal): void;
  /** The connection ended before the end of the response. `why` is known when the backend refused it by a late TLS alert, or cut it off. */
  gone(why?: BalanceError): void;
}
