import type { BalanceError, ErrorCode } from '../../../src/errors.ts';
import type { Lease, LogFields } from '../../../src/plugin-api/index.ts';
import {
  keepsRequestId,
  responseLines,
  responseRules,
  switchingLines,
  type AnsweredRequest,
  type ResponseSettings,
} from '../forwarding/response-fields.ts';
import type { FieldEdits } from '../forwarding/field-edits.ts';
import type { ClientCodec, ClientStream, ResponseEvents } from '../message/client-stream.ts';
import { challengesConnection } from '../message/connection-identity.ts';
import { UPGRADE } from '../message/field-names.ts';
import { failureReason } from '../answers/failure-reasons.ts';
import { GivenUpResponse } from '../retries/given-up-response.ts';
import { type MessageFault, refuseResponse, type Refusal } from '../message/refusal/refusal.ts';
import type { ResponseHead } from '../message/message-head.ts';
import { shownField } from '../message/refused-field.ts';
import type { ServerStream } from '../message/server-stream.ts';
import { NO_TRAILERS, type FieldLine } from '../message/trailers.ts';
import { HeldResponse } from '../instance/held-bytes.ts';
import type { PassedResponse, ResponseFilters } from '../filters/passed-response.ts';

const CONTINUE = 100;
const SWITCHING = 101;

/** Details for the log when the backend closes its connection too early. */
const HEAD_CUT_SHORT = 'the backend closed the connection within the head of its response';
const CUT_SHORT = 'the backend closed the connection before the end of its response';

/** A try of a request beside which another one runs: the first one that brings the head of a response serves the exchange. */
export interface Race {
  /** That attempt failed before the head of a response: the other one goes on. Ends the lease of the attempt. */
  goOnWithout(attempt: Attempt, error: ErrorCode): void;
}

/** The exchange, as its attempt sees it: what the attempt reads of it, and which events it calls. */
export interface AttemptOwner extends AnsweredRequest {
  readonly stream: ServerStream;
  /** The attempt that runs; undefined once the exchange is over. */
  readonly attempt: Attempt | undefined;
  readonly settings: ResponseSettings;
  readonly responseEdits: FieldEdits | undefined;
  /** Set where the upstream says when a response counts as a failed try. */
  readonly retries: object | undefined;
  /** Set while another attempt runs beside this one. */
  readonly race: Race | undefined;
  /** Whether {@link review} may change something about a response. */
  readonly looksAtResponses: boolean;
  /** The filters that see the response; undefined on a route without filters. */
  readonly filtering: ResponseFilters | undefined;
  /** The protocols that the client offers to switch to; '' for none. */
  readonly upgrade: string;
  /** True while the request's body is not complete. */
  readonly wantsBody: boolean;
  /** True when the head of the request did not tell the length of its body. */
  readonly isChunked: boolean;
  bytesSent: number;
  /** Set when the backend authenticates the whole connection: the connection serves only this client from now on. */
  pins: boolean;
  /** Notes what is to be rewritten in the head of a response. False when an error page was sent in its place. */
  review(head: ResponseHead): boolean;
  logFields(): LogFields;
  mark(phase: 'responseHeadMs' | 'headSentMs'): void;
  /** The backend sent 100 Continue: the client sends its body now. */
  proceeds(): void;
  /** Something moved: the time limit begins anew. */
  renewDeadline(): void;
  /** Backpressure is over: the backend took all of the request that was written. */
  backendDrained(): void;
  /** The response is complete and written. */
  complete(): void;
  noteOddity(oddity: MessageFault): void;
  /** A response with that status came. True when it counts as a failed try, and another one is made: the attempt ends its lease by itself. */
  givesUp(status: number, attempt: Attempt): boolean;
  /** The backend closed the connection before any byte of a response. */
  responseMissing(): void;
  refuseResponse(refusal: Refusal): void;
  fail(status: number, code: ErrorCode, reason: string, detail?: string): void;
  abort(code: ErrorCode, detail?: string): void;
  becomeTunnel(): void;
}

/**
 * One attempt to get a response from a backend. It holds the lease and the stream to the backend, and passes the response on to the
 * client.
 */
export class Attempt implements ResponseEvents, PassedResponse {
  readonly lease: Lease;
  /** Counted from 1 within an exchange. */
  readonly number: number;
  readonly client: ClientStream;
  /** The status of the final response, once the client gets its head; 0 before. */
  status = 0;
  /** True once the backend switched to another protocol. */
  isSwitched = false;
  passedInterim = false;
  /** The response that was given up, because another attempt is made; undefined for none. */
  #givenUp: GivenUpResponse | undefined = undefined;
  #sentAtMs = 0;
  /** What arrives while filters look at the head of the response; undefined while they do not. */
  #held: HeldResponse | undefined = undefined;
  /** True once the whole response arrived: what happens to the connection does not matter any more. */
  #isComplete = false;
  readonly #owner: AttemptOwner;

  constructor(owner: AttemptOwner, lease: Lease, number: number, codec: ClientCodec) {
    this.#owner = owner;
    this.lease = lease;
    this.number = number;
    this.client = codec.open(lease.channel, owner, this);
  }

  /** When the backend had the whole request, as far as it was known at the first call of {@link noteSent} or of this, on the clock of `performance`. */
  get sentAtMs(): number {
    this.noteSent();
    return this.#sentAtMs;
  }

  /** The backend has the whole request. */
  noteSent(): void {
    if (this.#sentAtMs === 0) this.#sentAtMs = performance.now();
  }

  /** True when the channel had served an earlier exchange: the backend may have closed it because it was idle. */
  get reused(): boolean {
    return this.lease.reused;
  }

  /** True once a byte of a response, an interim one included, arrived. */
  get heard(): boolean {
    return this.client.isAnswered;
  }

  /** True once a byte of the final response went to the client: from then on it can only be completed or broken off. */
  get begun(): boolean {
    return this.status !== 0;
  }

  /** The fields that log lines about this attempt have. */
  logFields(): LogFields {
    return this.#owner.logFields();
  }

  interim(head: ResponseHead): void {
    // The other try may serve the exchange.
    if (this.#owner.race !== undefined) return;
    this.passedInterim = true;
    if (head.status === CONTINUE) this.#owner.proceeds();
    this.#owner.stream.interim(head, responseRules(undefined, false));
  }

  head(head: ResponseHead, bodyLength: number): void {
    const owner = this.#owner;
    this.lease.responded?.(head.status);
    if (owner.retries !== undefined) {
      const isSent = !owner.wantsBody;
      if (owner.givesUp(head.status, this)) {
        this.#givenUp = new GivenUpResponse(this, head.status, isSent);
        return;
      }
    }
    if (head.status >= 401 && challengesConnection(head)) owner.pins = true;
    owner.mark('responseHeadMs');
    if (owner.looksAtResponses && !owner.review(head)) return;
    if (owner.filtering === undefined) this.#respond(head, bodyLength);
    else this.#filter(owner.filtering, head, bodyLength);
  }

  /** Filters have seen the head: the response goes on with this one. */
  goOn(head: ResponseHead, bodyLength: number): void {
    const held = this.#held;
    this.#held = undefined;
    if (head.status === SWITCHING) return;
    this.#respond(head, bodyLength);
    if (held?.isPaused !== true) return;
    const { bytes } = held.bytes;
    if (bytes.length > 0) this.data(bytes, 0, bytes.length);
    if (held.trailers !== undefined) this.#end(held.trailers);
    else if (!this.#isOver()) {
      this.client.resume();
      this.flush();
    }
  }

  /** Transforms have made the whole new body. */
  bodyEnded(): void {
    this.#complete(NO_TRAILERS);
  }

  resume(): void {
    if (!this.#isComplete && !this.#isOver()) this.client.resume();
  }

  #isOver(): boolean {
    return this.#owner.attempt !== this;
  }

  #filter(filters: ResponseFilters, head: ResponseHead, bodyLength: number): void {
    const held = new HeldResponse();
    this.#held = held;
    filters.respond(head, bodyLength, this);
    // Backpressure: the backend sends no more until filters have decided.
    if (this.#held !== held || this.#isOver()) return;
    held.isPaused = true;
    this.client.pause();
  }

  #respond(head: ResponseHead, bodyLength: number): void {
    const owner = this.#owner;
    const { settings, responseEdits: edits } = owner;
    const keepsId = keepsRequestId(settings, head);
    const lines = responseLines(owner, settings, head, edits, keepsId);
    owner.stream.respond(head, responseRules(edits, keepsId), lines, bodyLength);
    this.status = head.status;
    owner.mark('headSentMs');
  }

  switched(head: ResponseHead, protocol: string): Refusal | undefined {
    const owner = this.#owner;
    const names = owner.upgrade.split(',').map((name) => name.trim().toLowerCase());
    if (protocol === '' || !names.includes(protocol.toLowerCase())) return refuseUpgrade(head);
    if (owner.looksAtResponses && !owner.review(head)) return undefined;
    if (owner.filtering !== undefined) {
      this.#filter(owner.filtering, head, 0);
      if (this.#held !== undefined || this.#isOver()) return undefined;
    }
    const { settings, responseEdits: edits } = owner;
    const keepsId = keepsRequestId(settings, head);
    const lines = switchingLines(owner, settings, head, edits, keepsId);
    owner.stream.switchProtocols(head, responseRules(edits, keepsId), lines, protocol);
    owner.mark('responseHeadMs');
    this.status = head.status;
    this.isSwitched = true;
    return undefined;
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#givenUp !== undefined) return;
    if (this.#held !== undefined) {
      this.#held.bytes.add(bytes, start, end);
      return;
    }
    const owner = this.#owner;
    const { filtering } = owner;
    if (filtering !== undefined) {
      if (!filtering.responseData(bytes, start, end)) return;
      if (filtering.isTransforming) {
        if (!filtering.transform(bytes, start, end)) this.client.pause();
        return;
      }
    }
    owner.bytesSent += end - start;
    if (!owner.stream.body(bytes, start, end)) this.client.pause();
  }

  flush(): void {
    if (this.#givenUp !== undefined) {
      this.#givenUp.end(0);
      return;
    }
    if (this.#held !== undefined) return;
    this.#owner.filtering?.transformFlush();
    if (this.#isOver()) return;
    // Backpressure: read no more from the backend until the client has taken what was written to it.
    if (!this.#owner.stream.flush()) this.client.pause();
    // Bytes of the request's body still go on as a body: the other protocol begins only after it (RFC 9110 7.8).
    if (this.isSwitched && !this.#owner.wantsBody) this.#owner.becomeTunnel();
    else this.#owner.renewDeadline();
  }

  end(trailers: readonly FieldLine[]): void {
    if (this.#givenUp !== undefined) {
      this.#givenUp.end(this.client.idleMs);
      return;
    }
    if (this.#isComplete) return;
    this.#isComplete = true;
    if (this.#held !== undefined) this.#held.trailers = trailers;
    else this.#end(trailers);
  }

  #end(trailers: readonly FieldLine[]): void {
    const { filtering } = this.#owner;
    if (filtering !== undefined) {
      if (this.#isOver() || !filtering.responseEnd()) return;
      if (filtering.isTransforming) {
        filtering.transformEnd();
        if (!this.#isOver()) this.#owner.renewDeadline();
        return;
      }
    }
    this.#complete(trailers);
  }

  #complete(trailers: readonly FieldLine[]): void {
    const owner = this.#owner;
    owner.stream.finish(trailers);
    owner.stream.flush();
    this.client.stop();
    if (this.client.oddity !== undefined) owner.noteOddity(this.client.oddity);
    owner.complete();
  }

  drained(): void {
    this.#owner.backendDrained();
  }

  malformed(refusal: Refusal): void {
    if (this.#givenUp !== undefined) {
      this.#givenUp.end(0);
      return;
    }
    const { race } = this.#owner;
    if (race !== undefined) {
      race.goOnWithout(this, refusal.code);
      return;
    }
    // The client gets what was read before the fault. The abort that follows shows the client that the response is not whole.
    if (this.begun) this.#owner.stream.flush();
    this.#owner.refuseResponse(refusal);
  }

  gone(why?: BalanceError): void {
    if (this.#isComplete) return;
    const { race } = this.#owner;
    if (this.#givenUp !== undefined) this.#givenUp.end(0);
    else if (race !== undefined) race.goOnWithout(this, why?.code ?? 'backend_reset');
    else if (this.begun) this.#owner.abort('backend_reset', why?.message ?? CUT_SHORT);
    else if (why?.code === 'backend_tls')
      this.#owner.fail(why.status, why.code, failureReason(why.code), why.message);
    else if (this.heard)
      this.#owner.fail(502, 'backend_reset', 'the backend closed the connection', HEAD_CUT_SHORT);
    else this.#owner.responseMissing();
  }
}

/** The refusal of a 101 for a protocol that the client did not ask for. */
function refuseUpgrade(head: ResponseHead): Refusal {
  const reason = '101 for a protocol that the client did not ask for';
  return refuseResponse('upgrade', reason, ...shownField(head, UPGRADE));
}
