import type {
  Answer,
  Connection,
  ConnectionActivity,
  Deadline,
  LogFields,
} from '../../../../src/plugin-api/index.ts';
import type { FieldRules } from '../../message/field-rules.ts';
import type { ResponseHead } from '../../message/message-head.ts';
import type { FieldLine } from '../../message/trailers.ts';
import type { TakingLimits } from '../../message/message-limits.ts';
import type { RequestEvents } from '../../message/server-stream.ts';
import { ClientTaking } from './client-taking.ts';
import { answerText } from './answer-text.ts';
import { Lingering, LINGER_LOOK_MS } from './lingering.ts';
import { lastChunk } from './last-chunk.ts';
import { connectionLines, demandedUpgrade, responseHeadText, UPGRADE_REQUIRED } from './response-head.ts';

/** Pieces of a body up to this size go out in one write with the text before and behind them; larger ones by themselves. */
export const JOINED_BYTES = 16 * 1024;

/** Writes the responses of one connection as text of HTTP/1, one after the other. */
export abstract class ResponseWriter {
  readonly connection: Connection;
  abstract readonly deadline: Deadline;
  isBlocked = false;
  /** Who serves the request that is answered. */
  protected running: RequestEvents | undefined = undefined;
  /** The request that the connection became a tunnel for. */
  protected tunnel: RequestEvents | undefined = undefined;
  /** Requests that began on the connection. */
  protected requests = 0;
  /** Whether the connection may serve another request, as far as is known. */
  staysOpen = true;
  /** Whether the client of the request knows HTTP/1.1. */
  protected isHttp11 = true;
  /** The connection changed to another protocol. */
  protected isSwitched = false;
  /** The body goes out in chunks. */
  #isChunked = false;
  /** Only the end of the connection marks the end of the body. */
  #endsByClose = false;
  /** Text that waits to go out in one write with what follows. */
  #out = '';

  /** Set after the last response. */
  #lingering: Lingering | undefined = undefined;
  /** How fast the client must take the response. */
  #taking: TakingLimits;
  #pace: ClientTaking | undefined = undefined;

  constructor(connection: Connection, taking: TakingLimits) {
    this.connection = connection;
    this.#taking = taking;
  }

  /** For lines about a fault of ours while it runs. */
  logFields(): LogFields {
    return this.running?.logFields() ?? {};
  }

  activity(): ConnectionActivity {
    const running = this.running ?? this.tunnel;
    return {
      state: this.tunnel !== undefined ? 'tunnel' : running === undefined ? 'idle' : 'exchange',
      exchanges: this.requests,
      instance: running?.instance,
      upstream: running?.upstreamName,
      backend: running?.backend,
    };
  }

  /** Another request begins. `staysOpen`: whether its client wants the connection to stay open. */
  protected beginResponse(isHttp11: boolean, staysOpen: boolean, taking: TakingLimits): void {
    this.#taking = taking;
    this.isHttp11 = isHttp11;
    this.staysOpen = staysOpen;
    this.isSwitched = false;
    this.#isChunked = false;
    this.#endsByClose = false;
    this.#out = '';
  }

  /** Whether a further request may follow the one that is answered now. */
  protected abstract mayServeMore(): boolean;

  proceed(): void {
    this.connection.transport.writeText(CONTINUE_TEXT);
  }

  interim(head: ResponseHead, rules: FieldRules): void {
    // HTTP/1.0 has no interim responses (RFC 9110 15.2).
    if (this.isHttp11) this.#out += `${responseHeadText(head, rules)}\r\n`;
  }

  respond(head: ResponseHead, rules: FieldRules, own: string, bodyLength: number): void {
    if (bodyLength < 0) {
      this.#isChunked = this.isHttp11;
      if (!this.isHttp11) {
        this.#endsByClose = true;
        this.staysOpen = false;
      }
    }
    this.staysOpen = this.staysOpen && this.mayServeMore();
    const text = responseHeadText(head, rules) + own;
    if (this.staysOpen && this.isHttp11 && !this.#isChunked && head.status !== UPGRADE_REQUIRED) {
      this.#out += `${text}\r\n`;
      return;
    }
    const coding = this.#isChunked ? 'Transfer-Encoding: chunked\r\n' : '';
    const ending = connectionLines(this.staysOpen, this.isHttp11, demandedUpgrade(head));
    this.#out += `${text}${coding}${ending}\r\n`;
  }

  switchProtocols(head: ResponseHead, rules: FieldRules, own: string, chosen: string): void {
    this.#out += `${responseHeadText(head, rules)}${own}Connection: Upgrade\r\nUpgrade: ${chosen}\r\n\r\n`;
    this.isSwitched = true;
  }

  answer(answer: Answer, date: string, method: string, own: string): void {
    this.staysOpen = this.staysOpen && this.mayServeMore();
    const lines = own + connectionLines(this.staysOpen, this.isHttp11, '');
    this.#out = answerText(answer, date, method, lines);
    this.flush();
  }

  body(bytes: Buffer, start: number, end: number): boolean {
    if (this.#isChunked) this.#out += `${(end - start).toString(16)}\r\n`;
    if (end - start <= JOINED_BYTES) this.#out += bytes.latin1Slice(start, end);
    else {
      this.flush();
      if (!this.connection.transport.writeBorrowed(bytes, start, end)) this.isBlocked = true;
    }
    if (this.#isChunked) this.#out += '\r\n';
    return !this.isBlocked;
  }

  finish(trailers: readonly FieldLine[]): void {
    if (this.#isChunked) this.#out += lastChunk(trailers);
  }

  flush(): boolean {
    if (this.#out !== '') {
      const text = this.#out;
      this.#out = '';
      if (!this.connection.transport.writeText(text)) this.isBlocked = true;
    }
    return !this.isBlocked;
  }

  /** Watches whether the client takes what was written to it. */
  protected get pace(): ClientTaking {
    return (this.#pace ??= new ClientTaking(this.connection.transport));
  }

  awaitReader(): number {
    return this.pace.begin(this.#taking);
  }

  keepsPace(): boolean {
    return this.pace.keepsPace();
  }

  abort(resets: boolean): void {
    const { transport: stream } = this.connection;
    // Where the end of the connection means the end of the body, only a reset tells the difference. A reset also frees what
    // the system keeps for a client that does not take it.
    if (resets || this.#endsByClose) stream.reset();
    else stream.destroy();
  }

  /** The time until the next look at a client passed that has not taken its response. */
  protected lookAtReader(): void {
    if (this.pace.keepsPace()) this.deadline.set(this.pace.lookMs);
    else this.connection.transport.reset();
  }

  /** True after the last response: see {@link Lingering}. */
  protected get isEnding(): boolean {
    return this.#lingering !== undefined;
  }

  /** Ends the connection after its last response. `lingers`: the client may be sending right now. */
  protected endConnection(lingers: boolean, taking: TakingLimits): void {
    const { transport: stream } = this.connection;
    this.#lingering = Lingering.begin(this.connection, this.pace, taking, lingers);
    if (!stream.destroyed) this.deadline.set(LINGER_LOOK_MS);
    if (lingers) stream.resume();
  }

  /** So many bytes came after the last response. */
  protected throwAway(bytes: number): void {
    this.#lingering?.received(bytes);
  }

  /** The proxy, or its listener, is about to end. */
  protected hurry(): void {
    this.#lingering?.hurry();
  }

  /** The time until the next look at a connection that ends passed. */
  protected lookAtEnd(): void {
    if (this.#lingering?.isOver() === true) this.connection.transport.destroy();
    else this.deadline.set(LINGER_LOOK_MS);
  }
}

const CONTINUE_TEXT = 'HTTP/1.1 100 Continue\r\n\r\n';
