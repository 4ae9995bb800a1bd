import type { FilterRequest, TlsSession, Upstream } from '../../../src/plugin-api/index.ts';
import { EditableFields } from './editable-fields.ts';
import type { FilteredExchange } from './filtered-exchange.ts';
import type { RequestFields } from './head-fields.ts';

/** A path with or without a query in visible ASCII without `#`, as a request line may have it. */
const TARGET = /^\/[!"$-~]*$/;

/** The request of an exchange, as its filters see and change it. */
export class RequestView extends EditableFields implements FilterRequest {
  upstream: Upstream | undefined;
  target: string;
  /** The head as it arrived, or a copy of it. */
  fields: RequestFields;
  readonly #exchange: FilteredExchange;
  #variables: Map<string, string> | undefined = undefined;
  #isRetained = false;
  /** True once the memory of the head may hold another message. */
  #isReleased = false;
  #isGone = false;
  #gone: AbortController | undefined = undefined;

  constructor(
    exchange: FilteredExchange,
    fields: RequestFields,
    target: string,
    upstream: Upstream | undefined,
  ) {
    super();
    this.#exchange = exchange;
    this.fields = fields;
    this.target = target;
    this.upstream = upstream;
  }

  get id(): string {
    return this.#exchange.requestId;
  }

  get method(): string {
    return this.#exchange.method;
  }

  get path(): string {
    const query = this.target.indexOf('?');
    return query < 0 ? this.target : this.target.slice(0, query);
  }

  get host(): string {
    return this.#exchange.host;
  }

  get clientAddress(): string {
    return this.#exchange.clientAddress;
  }

  get secure(): boolean {
    return this.#exchange.isSecure;
  }

  get tls(): TlsSession | undefined {
    return this.#exchange.tls;
  }

  get listener(): string {
    return this.#exchange.listener;
  }

  get route(): string {
    return this.#exchange.routeName;
  }

  get variables(): Map<string, string> {
    return (this.#variables ??= new Map());
  }

  get gone(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#isGone) this.#gone.abort();
    return this.#gone.signal;
  }

  setTarget(target: string): void {
    if (!TARGET.test(target))
      throw new TypeError(`${JSON.stringify(target)} is no path with or without a query`);
    this.target = target;
  }

  forwardTo(upstream: Upstream): void {
    this.upstream = upstream;
  }

  readBody(limitBytes: number): Promise<Buffer | undefined> {
    return this.#exchange.readBody(limitBytes);
  }

  /** Copies the head, so that it stays readable while other messages arrive. */
  retain(): void {
    if (this.#isRetained) return;
    this.#isRetained = true;
    this.fields = this.fields.retain();
  }

  /** The memory of the head is used again: the fields are readable only if {@link retain} copied them. */
  release(): void {
    this.#isReleased = !this.#isRetained;
  }

  /** The client left, or the exchange is over: aborts {@link gone}. */
  leave(): void {
    this.#isGone = true;
    this.#gone?.abort();
  }

  protected original(lowerName: string): string | undefined {
    return this.#isReleased ? undefined : this.fields.joinedValue(lowerName);
  }
}
