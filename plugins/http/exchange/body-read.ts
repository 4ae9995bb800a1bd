import { BodyBuffering } from '../instance/body-buffering.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { ServerStream } from '../message/server-stream.ts';
import type { RequestBody } from './request-body.ts';

/** The memory that the bodies of all requests may take which filters read, where `request_buffering` does not say it. */
const TOTAL_BYTES = 256 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** What a read of a whole body needs of its exchange. */
interface BodyReadOwner {
  readonly body: RequestBody | undefined;
  readonly instance: HttpInstance;
  readonly stream: ServerStream;
}

/** The reads of the whole body of one request by its filters: one after the other, each up to a limit of its own. */
export class BodyReads {
  /** True when the client waited for 100 Continue, and got it from the proxy. */
  hasProceeded = false;
  readonly #owner: BodyReadOwner;
  #last: BodyRead | undefined = undefined;
  #isClosed = false;

  constructor(owner: BodyReadOwner) {
    this.#owner = owner;
  }

  get isReading(): boolean {
    return this.#last?.isReading === true;
  }

  /** As `FilterRequest.readBody`. Calls `begun` when the client must send more first. */
  async read(limitBytes: number, begun: () => void): Promise<Buffer | undefined> {
    while (this.#last?.isReading === true) await this.#last.whole;
    if (this.#isClosed) return undefined;
    const read = new BodyRead(this.#owner, limitBytes);
    this.#last = read;
    if (read.begin()) this.hasProceeded = true;
    if (read.isReading) begun();
    return read.whole;
  }

  /** Something arrived. True while more is read. */
  arrived(): boolean {
    return this.#last?.arrived() === true;
  }

  /** The request goes on: from now on each read finds nothing. */
  close(): void {
    this.#isClosed = true;
  }

  /** The exchange is over: what did not arrive does not arrive any more. */
  end(): void {
    this.close();
    this.#last?.end();
  }
}

/** A filter reads the whole body of a request before the request goes on. */
class BodyRead {
  /** undefined when the body is longer than the limit, memory is full, or the exchange ended. */
  readonly whole: Promise<Buffer | undefined>;
  readonly #body: RequestBody | undefined;
  readonly #limitBytes: number;
  readonly #owner: BodyReadOwner;
  #settle: (body: Buffer | undefined) => void = () => undefined;
  #isOver = false;

  constructor(owner: BodyReadOwner, limitBytes: number) {
    this.whole = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#owner = owner;
    this.#body = owner.body;
    this.#limitBytes = limitBytes;
  }

  /** Begins to read. True when the client waited for 100 Continue, and got it from the proxy. */
  begin(): boolean {
    const { body, instance, stream } = this.#owner;
    const limitBytes = this.#limitBytes;
    if (body === undefined) {
      this.#end(EMPTY);
      return false;
    }
    if (body.declaredBytes > limitBytes) {
      this.#end(undefined);
      return false;
    }
    const total = instance.options.request_buffering?.total ?? TOTAL_BYTES;
    body.gather(
      new BodyBuffering({ size: 2 * limitBytes, total }, instance.parts.bufferedBodies, instance.host),
    );
    const { waitsForContinue } = body;
    if (waitsForContinue) {
      stream.proceed();
      body.proceeds();
    }
    if (!body.isOpen) this.arrived();
    else stream.resume();
    return waitsForContinue;
  }

  get isReading(): boolean {
    return !this.#isOver;
  }

  /** Something arrived. True while more is read. */
  arrived(): boolean {
    const body = this.#body;
    if (this.#isOver || body === undefined) return false;
    if (body.bytes > this.#limitBytes) this.#end(undefined);
    else if (!body.isOpen) this.#end(body.copyOfHeld());
    else if (!body.gathersOn()) this.#end(undefined);
    return !this.#isOver;
  }

  /** The exchange is over: what did not arrive does not arrive any more. */
  end(): void {
    this.#end(undefined);
  }

  #end(body: Buffer | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body?.stopGathering();
    this.#settle(body);
  }
}
