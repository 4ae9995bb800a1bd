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
  /** What Content-Length says; -1: absent, NaN: no number that can be counted with. */
  readonly contentLength: number;
  /** Whether Content-Length, if any, has only one reading: with leading zeros some receivers take it for an octal number. */
  readonly hasPlainLength: boolean;
  /** Where in `bytes` a start line stands that HTTP/1.1 may copy as it is; -1: nowhere, so that it has to be made. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** The head of a client's request. */
export interface RequestHead extends MessageHead {
  /** The name and version of the protocol, as logs show it: `HTTP/1.1`. */
  readonly protocol: string;
  readonly method: string;
  /** What the request asks for, as the client wrote it: a path with its query, a whole URL, or `*`. Made at each call. */
  readonly target: string;
  readonly targetLength: number;
  /** The length of the body in bytes: 0 without one, -1 when only its end tells. */
  readonly bodyLength: number;
  /** The field that names the host, or -1, and how many there are. */
  readonly hostField: number;
  readonly hosts: number;
  /** Whether the client sends the body only once it is told to (RFC 9110 10.1.1). */
  readonly expectsContinue: boolean;
  /** Whether it has credentials that count for the whole connection, not for one request. */
  readonly bindsConnection: boolean;
  /** The protocols that the client would switch to, as it wrote them (RFC 9110 7.8); '' for an ordinary request. */
  readonly offeredUpgrade: string;
  /** The version as the client wrote it, where it is none that is served; '' otherwise. */
  readonly statedVersion: string;
  /** Where in the target the first character stands that is not plain; -1: nowhere. See `plainLength` of the plugin API. */
  plainTarget(): number;
  /** A copy that owns its memory, so that it stays valid. */
  retain(): RequestHead;
  /** The version is none that is served. */
  versionFault(): Refusal | undefined;
  /** The length of the body can't be told, or could be told in several ways. */
  framingFault(): Refusal | undefined;
}

/** The head of a backend's response. */
export interface ResponseHead extends MessageHead {
  readonly status: number;
  /** The reason phrase; '' where the version has none. Made at each call. */
  readonly reason: string;
  readonly hasDate: boolean;
}
