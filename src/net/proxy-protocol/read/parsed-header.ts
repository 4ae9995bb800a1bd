import type { ProxyRefusalReason } from '../../../errors/proxy-refusal-reasons.ts';
import type { Endpoint } from '../../../plugin-api/index.ts';

/** A complete header. */
export interface ParsedHeader {
  readonly version: 1 | 2;
  /** Size of the header. The bytes after it belong to what the client says. */
  readonly sizeBytes: number;
  /** True when the sender speaks for itself, as in a health check: the connection has no other client. */
  readonly isLocal: boolean;
  /** The client; undefined when the sender does not know it, so that the socket's own address counts. */
  readonly source: Endpoint | undefined;
  /** The address that the client connected to; undefined as {@link source}. */
  readonly destination: Endpoint | undefined;
  /** The records of version 2, checked, one after the other. A part of the memory that was parsed: copy it to keep it. */
  readonly records: Buffer;
}

/** The reasons that the bytes of a header themselves give. */
export type HeaderFaultReason = Extract<
  ProxyRefusalReason,
  'missing' | 'malformed' | 'too_large' | 'checksum'
>;

/** The bytes are no acceptable header, whatever follows. */
export class HeaderFault {
  readonly reason: HeaderFaultReason;
  /** For the log, to complete a sentence such as `refused: its length ends within a record`. */
  readonly detail: string;

  constructor(reason: HeaderFaultReason, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

/** What bytes mean as a header. Undefined: the header is not complete yet. */
export type HeaderOutcome = ParsedHeader | HeaderFault | undefined;

export const NO_RECORDS = Buffer.alloc(0);
