import type { FieldSection } from './field-section.ts';
import type { Refusal } from './refusal/refusal.ts';

/**
 * The head of a message, whatever protocol version it came in. It is a view of memory that the codec uses again: valid until the
 * call that hands it over returns.
 */
export interface MessageHead extends FieldSection {
  /** The version in which the message came: 1 and 1 for HTTP/1.1. */
  readonly major: number;
  readonly minor: number;
  /** The number in Content-Length; -1 without the field, NaN when it is not a number that can be counted with. */
  readonly contentLength: number;
  /** False when Content-Length has leading zeros, which some receivers take for an octal number. */
  readonly hasPlainLength: boolean;
  /** Where in `bytes` a start line begins that HTTP/1.1 may copy as it is; -1 when the line has to be made anew. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** The head of a client's request. */
export interface RequestHead extends MessageHead {
  /** The name and version of the protocol, as logs show it: `HTTP/1.1`. */
  readonly protocol: string;
  readonly method: string;
  /** The request target as the client wrote it: a path with its query, a whole URL, or `*`. Each read makes a new string. */
  readonly target: string;
  readonly targetLength: number;
  /** The length of the body in bytes: 0 without a body, -1 when only the end of the body tells it. */
  readonly bodyLength: number;
  /** The field Host, or -1. */
  readonly hostField: number;
  /** How many fields Host there are. */
  readonly hosts: number;
  /** Whether the client sends the body only once it is told to (RFC 9110 10.1.1). */
  readonly expectsContinue: boolean;
  /** Whether the request has credentials that count for the whole connection, as those of NTLM do. */
  readonly bindsConnection: boolean;
  /** The protocols that the client offers to switch to, as it wrote them (RFC 9110 7.8); '' for an ordinary request. */
  readonly offeredUpgrade: string;
  /** The version as the client wrote it, when the proxy does not serve that version; '' otherwise. */
  readonly statedVersion: string;
  /** The index of the first character of the target that is not plain, or -1. See `plainLength` of the plugin API. */
  plainTarget(): number;
  /** A copy that owns its memory, so that it stays valid. */
  retain(): RequestHead;
  /** A refusal when the proxy does not serve the version of the request. */
  versionFault(): Refusal | undefined;
  /** A refusal when the head does not say the length of the body, or says it in several ways. */
  framingFault(): Refusal | undefined;
}

/** The head of a backend's response. */
export interface ResponseHead extends MessageHead {
  readonly status: number;
  /** The reason phrase; '' when the version of HTTP has none. Each read makes a new string. */
  readonly reason: string;
  readonly hasDate: boolean;
  /** True when Content-Length is not passed on, because the body is changed. */
  readonly hidesLength: boolean;
  /** A copy that owns its memory, so that it stays valid. */
  retain(): ResponseHead;
  /** A copy with another status, whose body is changed or not. */
  changed(status: number, hidesLength: boolean): ResponseHead;
}
