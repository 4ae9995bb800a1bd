/** The kinds of cases. */
export const CASE_KINDS = ['clean', 'ambiguous', 'noise', 'client abort', 'client stall', 'upgrade'] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

/**
 * Which backend a request goes to: `tame` never touches an idle socket, `wild` closes and soils them, `flaky` drops connections
 * as soon as it accepted them, `dead` is a port where nobody listens.
 */
export type Area = 'tame' | 'wild' | 'flaky' | 'dead';

/** The answer that a client must get for one request. */
export type Outcome =
  /** The backend's response, whole. */
  | {
      readonly kind: 'exact';
      readonly status: number;
      readonly body: string;
      readonly trailers: readonly string[];
      readonly interims: number;
    }
  /** An answer of the proxy itself. */
  | { readonly kind: 'refused'; readonly statuses: readonly number[] | 'any error' }
  /** A beginning of the backend's response, and then an abort; or an answer of the proxy with 502 or 504. */
  | { readonly kind: 'broken'; readonly status: number; readonly body: string }
  /** Whatever is sound and the client's own. */
  | { readonly kind: 'any' };

/** The reaction of the backend to a complete request. */
export interface ResponsePlan {
  readonly name: string;
  /** All bytes that it writes. */
  readonly wire: string;
  /** Offsets at which one write ends and the next begins. */
  readonly cuts: readonly number[];
  /** Between two writes. 0: the next turn of the event loop. */
  readonly gapMs: number;
  /** Writes as soon as the head is there, and reads on. */
  readonly early: boolean;
  readonly after: 'keep' | 'end' | 'reset' | 'silence' | 'end soon' | 'soil' | 'echo';
  /** Reads nothing of the body for so long. */
  readonly deafMs: number;
}

/** One request of a case, as the client means it and as the backend must see it. */
export interface CaseRequest {
  readonly number: number;
  readonly nonce: string;
  readonly method: string;
  readonly modern: boolean;
  /** As it must arrive. */
  readonly target: string;
  readonly host: string | undefined;
  /** Without framing. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** Field lines `Name: value` that must arrive as they are and in this order. */
  readonly probes: readonly string[];
  /** All bytes that the client sends for it. */
  readonly wire: string;
  readonly headLength: number;
  readonly plan: ResponsePlan;
  readonly outcome: Outcome;
  /** A 502 is right as well: the backend's socket may have died or been soiled by others. */
  readonly mayFail: boolean;
  /** The client's connection ends with the response. */
  readonly closes: boolean;
  /** True when later requests may stay unanswered. */
  readonly restOptional: boolean;
  /** The backend must never see it whole. */
  readonly mustNotArrive: boolean;
  /** How many times the backend saw it, and when it had written its response, on the monotonic clock; 0: never. */
  seen: number;
  completed: number;
  seenAtMs: number;
  /** Of the connection that it came on: when it was accepted, and how many exchanges it has had. */
  acceptedAtMs: number;
  exchanges: number;
  answeredAtMs: number;
}

/** A write of the client. */
export interface Step {
  readonly text: string;
  /** Not before so many final responses are complete. */
  readonly afterResponses: number;
  /** Before it; 0: the next turn of the event loop; -1: at once. */
  readonly pauseMs: number;
}

/** How the client leaves. */
export interface Leaving {
  /**
   * `done`: when all is answered. `quiet`: when nothing moves any more. `stay`: not before the proxy closes. `abort`: in the middle,
   * when so many bytes were received after all steps were sent.
   */
  readonly when: 'done' | 'quiet' | 'stay' | 'abort';
  readonly how: 'end' | 'destroy' | 'reset';
  readonly afterReceivedBytes: number;
  readonly delayMs: number;
}

/** Everything that happens on one client connection. */
export interface FuzzCase {
  readonly index: number;
  readonly kind: CaseKind;
  /** The special property of the case, for reports. */
  readonly title: string;
  readonly requests: readonly CaseRequest[];
  readonly steps: readonly Step[];
  readonly leaving: Leaving;
  /** Bytes were mutated at random, so their meaning is unknown: only the safety of other requests and the form of messages is judged. */
  readonly blind: boolean;
  /** The client does not read for so long at first. */
  readonly deafMs: number;
  /** After the 101: what the client sends through the tunnel and must get back. */
  readonly echo: string;
  /** Exchanges that run at the backend. */
  pending: number;
  /** Faults that the backend found. */
  readonly complaints: string[];
  /** By how much its client and its backends did things later than planned, together, as this process was busy. */
  lateMs: number;
}
