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
import { Lingering, LINGER_LOOK_MS } from './lingering.ts';
import { lastChunk } from './last-chunk.ts';
import { connectionLines, demandedUpgrade, responseHeadText, UPGRADE_REQUIRED } from './response-head.ts';
import { answerBytes, hasField, reasonPhrase } from '../../message/answer.ts';

/** Pieces of a body up to this size are written together with the text before and after them; larger pieces are written alone. */
export const JOINED_BYTES = 16 * 1024;

/** Writes the responses of one connection as HTTP/1 text, one after the other. */
export abstract class ResponseWriter {
  readonly connection: Connection;
  abstract readonly deadline: Deadline;
  isBlocked = false;
  /** The events of the request that is being served; undefined between two requests. */
  protected running: RequestEvents | undefined = undefined;
  /** Set once the connection is a tunnel: the events of the request that made it one. */
  protected tunnel: RequestEvents | undefined = undefined;
  requests = 0;
  /** Whether the connection may serve another request, as far as is known. */
  staysOpen = true;
  /** Whether the request came as HTTP/1.1, not as HTTP/1.0. */
  protected isHttp11 = true;
  /** True once the connection changed to another protocol. */
  protected isSwitched = false;
  /** True once the final response of the running request has begun. */
  protected hasResponded = false;
  /** True when the body is written in chunks. */
  #isChunked = false;
  /** True when only the end of the connection marks the end of the body. */
  #endsByClose = false;
  /** Text that was not written yet, so that it goes out in one write with what follows. */
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

  /** The fields of the running request, for log lines about the connection. */
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

  /** Begins another response. `staysOpen`: whether the client wants the connection to stay open. */
  protected beginResponse(isHttp11: boolean, staysOpen: boolean, taking: TakingLimits): void {
    this.#taking = taking;
    this.isHttp11 = isHttp11;
    this.staysOpen = staysOpen;
    this.isSwitched = false;
    this.hasResponded = false;
    this.#isChunked = false;
    this.#endsByClose = false;
    this.#out = '';
  }

  /** Whether another request may follow the one that is answered now. */
  protected abstract mayServeMore(): boolean;

  proceed(): void {
    this.connection.transport.writeText(CONTINUE_TEXT);
  }

  interim(head: ResponseHead, rules: FieldRules): void {
    // HTTP/1.0 has no interim responses (RFC 9110 15.2).
    if (this.isHttp11) this.#out += `${responseHeadText(head, rules)}\r\n`;
  }

  respond(head: ResponseHead, rules: FieldRules, own: string, bodyLength: number): void {
    this.hasResponded = true;
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
    // When the end of the connection marks the end of the body, only a reset shows that the body is not whole. A reset also frees the
    // bytes that the system keeps for a client that does not take them.
    if (resets || this.#endsByClose) stream.reset();
    else stream.destroy();
  }

  /** Checks a client that has not taken its response, after the time that {@link awaitReader} said. */
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

  /** Discards bytes that came after the last response. */
  protected throwAway(bytes: number): void {
    this.#lingering?.received(bytes);
  }

  /** The proxy or its listener is about to end: a lingering connection ends sooner. */
  protected hurry(): void {
    this.#lingering?.hurry();
  }

  /** Checks a connection that lingers after its last response. */
  protected lookAtEnd(): void {
    if (this.#lingering?.isOver() === true) this.connection.transport.destroy();
    else this.deadline.set(LINGER_LOOK_MS);
  }
}

const CONTINUE_TEXT = 'HTTP/1.1 100 Continue\r\n\r\n';

const DEFAULT_TYPE = 'text/plain; charset=utf-8';

/** An answer as the text of a whole message. `lines`: further field lines, each with its CRLF. For HEAD the body is left out. */
function answerText(answer: Answer, date: string, method: string, lines: string): string {
  const body = answerBytes(answer);
  const head =
    `HTTP/1.1 ${String(answer.status)} ${reasonPhrase(answer.status)}\r\n` +
    `${hasField(answer, 'date') ? '' : `Date: ${date}\r\n`}${contentLines(answer, body.length)}${headerLines(answer)}${lines}\r\n`;
  return method === 'HEAD' || hasNoBody(answer) ? head : head + body.latin1Slice(0, body.length);
}

/** Statuses whose messages have no body (RFC 9110 6.4.1). */
function hasNoBody({ status }: Answer): boolean {
  return status === 204 || status === 304;
}

function contentLines(answer: Answer, length: number): string {
  if (hasNoBody(answer)) return '';
  const { contentType = length === 0 ? undefined : DEFAULT_TYPE } = answer;
  const isGiven = contentType === undefined || hasField(answer, 'content-type');
  const type = isGiven ? '' : `Content-Type: ${contentType}\r\n`;
  return `${type}Content-Length: ${String(length)}\r\n`;
}

function headerLines({ headers }: Answer): string {
  let lines = '';
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value === 'string') lines += `${name}: ${value}\r\n`;
    else for (const each of value) lines += `${name}: ${each}\r\n`;
  }
  return lines;
}
