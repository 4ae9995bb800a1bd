import { messageOf, type ErrorCode } from '../../../src/errors.ts';
import type {
  Answer,
  Connection,
  Lease,
  Logger,
  ProxyHeader,
  StickySource,
  TlsSession,
} from '../../../src/plugin-api/index.ts';
import type { FieldEdits } from '../forwarding/field-edits.ts';
import type { ForwardingProfile } from '../forwarding/forwarding-profile.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { RouteSettings } from '../instance/route-settings.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { MirrorCopy } from '../mirror/mirror-copy.ts';
import type { ServerStream } from '../message/server-stream.ts';
import { ExchangeFacts } from '../records/exchange-facts.ts';
import type { Filtering } from './filtering.ts';
import type { PinnedSockets } from './pinned-sockets.ts';
import { giveSession, takeSession } from '../stickiness/sticky-exchange.ts';
import { RareState } from './rare-state.ts';
import { RequestBody } from './request-body.ts';

/** What the exchanges of one client's connection share. */
export interface ClientState {
  /** The sockets to backends that serve only this client; undefined until there is one. */
  readonly pinned: PinnedSockets | undefined;
  /** What the proxy tells backends about this client, by the config of the instance. */
  profile(instance: HttpInstance): ForwardingProfile;
  /** Keeps the socket of a lease for this client alone. The exchange on it is over; `status` and `idleMs` are as in `Lease.pin`. */
  pin(upstream: string, lease: Lease, status: number, idleMs: number): void;
}

/** The state of an exchange: the client's stream, the request's body, and the edits and filters of its route. */
export abstract class ExchangeState extends ExchangeFacts {
  readonly stream: ServerStream;
  readonly client: ClientState;
  /** undefined for a request without a body. */
  readonly body: RequestBody | undefined;
  key: string | undefined = undefined;
  fresh = false;
  /** True when the socket to the backend serves only this client from now on, because the client authenticates the whole connection. */
  pins = false;
  /** False for a request with a body, whose first bytes arrive with the head and must be sent together with it. */
  readonly immediate: boolean;
  /** Whether the client wants errors as JSON. */
  wantsJson = false;
  /** What the transforms and the filters of the route change in the header of the request. */
  requestEdits: FieldEdits | undefined = undefined;
  /** The line of `Strict-Transport-Security` for the response, with its CRLF; '' for none. */
  hstsLine = '';
  /** What they change in the header of the response. */
  responseEdits: FieldEdits | undefined = undefined;
  /** The filters of the route at work on this exchange; undefined on a route without filters. */
  filtering: Filtering | undefined = undefined;
  declare protected rare: RareState | undefined;
  /** True once the record of the exchange went to telemetry: nothing more may happen to it. */
  protected isOver = false;

  constructor(client: ClientState, stream: ServerStream, instance: HttpInstance, head: RequestHead) {
    super(stream.connection, instance, head);
    this.client = client;
    this.stream = stream;
    this.body =
      head.bodyLength === 0
        ? undefined
        : new RequestBody(head, instance.bodyLimits, instance.retryPolicy.replayBytes, this.begunAtMs);
    this.immediate = this.body === undefined;
    instance.begun();
  }

  protected get own(): RareState {
    return (this.rare ??= new RareState());
  }

  get session(): string | undefined {
    return this.rare?.session;
  }

  get mirrorCopy(): MirrorCopy | undefined {
    return this.rare?.mirrorCopy;
  }

  set mirrorCopy(copy: MirrorCopy | undefined) {
    this.own.mirrorCopy = copy;
  }

  get sessionEdits(): FieldEdits | undefined {
    return this.rare?.sessionEdits;
  }

  set sessionEdits(edits: FieldEdits | undefined) {
    this.own.sessionEdits = edits;
  }

  get isSecure(): boolean {
    return this.rare?.isSecure === true;
  }

  set isSecure(isSecure: boolean) {
    this.own.isSecure = isSecure;
  }

  get splitEdits(): FieldEdits | undefined {
    return this.rare?.splitEdits;
  }

  set splitEdits(edits: FieldEdits | undefined) {
    this.own.splitEdits = edits;
  }

  /** The upstream keeps clients at their backends: notes by what it knows this one. Arguments as of {@link takeSession}. */
  takeSession(head: RequestHead, source: StickySource, guardsSpellings: boolean): void {
    takeSession(this, this.own, head, source, guardsSpellings);
  }

  /** There is a lease: its backend gets the request. */
  takeBackend({ backend, sticky }: Lease): void {
    this.backend = backend;
    if (this.forwardedTo?.sticky !== undefined) giveSession(this, this.own, sticky);
  }

  get settings(): HttpInstance {
    return this.instance;
  }

  get timeouts(): RouteSettings['timeouts'] {
    return this.matchedRoute?.settings?.timeouts ?? this.instance.options.timeouts;
  }

  get readTimeoutMs(): number {
    const ownMs = this.matchedRoute?.settings?.backendTimeoutMs;
    return ownMs ?? this.forwardedTo?.readTimeoutMs ?? Number.POSITIVE_INFINITY;
  }

  get logger(): Logger {
    return this.instance.host.logger;
  }

  get bytesReceived(): number {
    return this.body?.bytes ?? 0;
  }

  get upstreamName(): string | undefined {
    return this.forwardedTo?.name;
  }

  get isChunked(): boolean {
    return this.body?.isChunked === true;
  }

  get tls(): TlsSession | undefined {
    return this.stream.connection.transport.tls;
  }

  get requestNumber(): number {
    return this.stream.requests;
  }

  get proxy(): ProxyHeader | undefined {
    return this.stream.connection.transport.proxy;
  }

  /** For leases: a PROXY header to a backend names the client of this connection. */
  get heldBy(): Connection {
    return this.stream.connection;
  }

  get peerAddress(): string {
    return this.stream.connection.transport.peer.address;
  }

  get isPeerTrusted(): boolean {
    return this.client.profile(this.instance).isTrusted;
  }

  countAsOwn(): void {
    this.isOwn = true;
    this.trace = undefined;
  }

  /** True while bytes from the client belong to this request's body. */
  get wantsBody(): boolean {
    return this.body?.isOpen === true;
  }

  abstract answer(answer: Answer): void;
  abstract fail(
    status: number,
    code: ErrorCode,
    reason: string,
    detail?: string,
    retryAfterMs?: number,
  ): void;

  /** Answers in place of a backend, once the promise is fulfilled. When it is rejected, the client gets 500. */
  answerLater(answer: Promise<Answer>): void {
    answer
      .then(
        (made) => {
          if (!this.isOver) this.answer(made);
        },
        (error: unknown) => {
          this.logger.error('Answer failed', { ...this.logFields(), error: messageOf(error) });
          this.fail(500, 'internal', 'the answer could not be made');
        },
      )
      .catch((error: unknown) => {
        this.broke(error);
      });
  }

  /**
   * The proxy's own code threw in a callback of a promise, for example in the next request on the connection, which begins where this one
   * ends. It costs the connection, as an error in a callback of the stream does.
   */
  broke(error: unknown): void {
    this.logger.error('Protocol failed after a promise', { ...this.logFields(), error: messageOf(error) });
    this.stream.connection.transport.destroy();
  }
}
