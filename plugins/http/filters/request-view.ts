import type { FilterRequest, Upstream } from '../../../src/plugin-api/index.ts';
import { EditableFields, type FieldSource } from './editable-fields.ts';
import type { FilteredExchange } from './filtered-exchange.ts';

/** The head of a request that can be made to outlast the memory that it arrived in. */
export interface RetainableHead extends FieldSource {
  /** A copy that owns its bytes. */
  retain(): RetainableHead;
}

/** Visible ASCII but for `#`, as the target of a request line has it. */
const TARGET = /^\/[!"$-~]*$/;

/** What the filters of an exchange see and change of its request. */
export class RequestView extends EditableFields implements FilterRequest {
  upstream: Upstream;
  target: string;
  /** The request's own head; undefined once its memory belongs to another message. */
  head: RetainableHead | undefined;
  readonly #exchange: FilteredExchange;
  #isRetained = false;
  #isGone = false;
  #gone: AbortController | undefined = undefined;

  constructor(exchange: FilteredExchange, head: RetainableHead, target: string, upstream: Upstream) {
    super();
    this.#exchange = exchange;
    this.head = head;
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

  get listener(): string {
    return this.#exchange.listener;
  }

  get route(): string {
    return this.#exchange.routeName;
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

  /** The head stays readable, although other messages arrive meanwhile. */
  retain(): void {
    if (this.#isRetained) return;
    this.#isRetained = true;
    this.head = this.head?.retain();
  }

  /** The memory of a head that was not retained is going to hold another message. */
  release(): void {
    if (!this.#isRetained) this.head = undefined;
  }

  /** Nobody waits for the answer any more. */
  leave(): void {
    this.#isGone = true;
    this.#gone?.abort();
  }

  protected original(lowerName: string): string | undefined {
    return this.head?.joinedValue(lowerName);
  }
}
