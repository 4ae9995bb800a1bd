import type { ByteStream, LogFields } from '../../../src/plugin-api/index.ts';
import type { FieldRules } from './field-rules.ts';
import type { MessageFault } from './refusal/message-fault.ts';
import type { RequestHead, ResponseHead } from './message-head.ts';
import type { Refusal } from './refusal/refusal.ts';
import type { FieldLine } from './trailers.ts';

/** What of a request changes on its way to the backend. */
export interface RequestEdits {
  /** The target, where it is not the client's. */
  readonly target: string | undefined;
  /** Host, where it is not the client's. */
  readonly host: string | undefined;
  readonly rules: FieldRules;
  /** The protocols that the client may switch to; '' for none. */
  readonly upgrade: string;
  /** Whether the backend must not wait for the body: we told the client to send it. */
  readonly isBodySent: boolean;
}

declare const draft: unique symbol;

/**
 * The head of a request as a backend gets it, but for the fields of one try. It is made while the client's head is at hand, and kept until
 * no further try can follow. Only codecs look into it. HTTP/1 keeps the text that it will write: the start line and the field lines,
 * each but the last with its CRLF.
 */
export type RequestDraft = string & { readonly [draft]: true };

/** Makes requests in one version of HTTP. */
export interface ClientCodec {
  /** `own`: the fields that we add, as lines each with its CRLF. */
  draft(head: RequestHead, edits: RequestEdits, own: string): RequestDraft;
  /** Takes a connection to a backend for one request. */
  open(channel: ByteStream, request: RequestOutline, events: ResponseEvents): ClientStream;
}

/** What a codec must know of a request to frame it, and to read its response. */
export interface RequestOutline {
  readonly method: string;
  /** Whether the length of the body was not told in the head: only its end tells. */
  readonly isChunked: boolean;
}

/** The backend's side of one request. A call that writes returns false under backpressure: wait for {@link ResponseEvents.drained}. */
export interface ClientStream {
  /** For how many milliseconds the backend keeps the connection behind this response; 0: it can't be used again. */
  readonly idleMs: number;
  /** How the response departs from the grammar, if it does. It was served in its one safe reading. */
  readonly oddity: MessageFault | undefined;
  /** True once a byte of a response came. */
  readonly isAnswered: boolean;
  /** Begins the request. `tryLines`: the fields of this try, each line with a CRLF in front. Sent with the next {@link flush}. */
  send(draft: RequestDraft, tryLines: string): void;
  /** Sends, or joins with what follows, a piece of the body in borrowed memory. */
  body(bytes: Buffer, start: number, end: number): boolean;
  /** The request is complete. */
  finish(trailers: readonly FieldLine[]): void;
  /** Sends what was joined. */
  flush(): boolean;
  /** Reads no more of the response, or goes on with it. */
  pause(): void;
  resume(): void;
  /** The response is over, or not wanted any more: its events are not told. The connection is the caller's. */
  stop(): void;
}

/** Who hears of a response. */
export interface ResponseEvents {
  /** What log lines about the request have in common. */
  logFields(): LogFields;
  /** An interim response (1xx). */
  interim(head: ResponseHead): void;
  /** The head of the final response. `bodyLength` in bytes: 0 without a body, -1 when only its end tells. */
  head(head: ResponseHead, bodyLength: number): void;
  /**
   * The backend changes to another protocol, if it names one (101); `protocol` is '' where it does not. Returns why that is refused. What comes
   * behind it is told as {@link data}, until somebody else reads the channel.
   */
  switched(head: ResponseHead, protocol: string): Refusal | undefined;
  /** A piece of the body in borrowed memory. */
  data(bytes: Buffer, start: number, end: number): void;
  /** All that arrived at once was told. */
  flush(): void;
  /** The response is complete, and all of it was told. */
  end(trailers: readonly FieldLine[]): void;
  /** The backend has taken all that it had not. */
  drained(): void;
  /** The response can't be read. */
  malformed(refusal: Refusal): void;
  /** The connection ended before the end of the response. */
  gone(): void;
}
