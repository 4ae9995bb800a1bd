import type { ResponseHead } from '../message/message-head.ts';
import { HeadFields } from './head-fields.ts';
import type { ResponseView } from './response-view.ts';

/** Shows a response to filters. */
export interface ResponseFilters {
  /** The response goes on when `goOn` of it is called, at once or later, unless another answer takes its place. */
  respond(head: ResponseHead, bodyLength: number, response: PassedResponse): void;
  /** These return false when the body must not go on, because a filter failed. */
  responseData(bytes: Buffer, start: number, end: number): boolean;
  responseEnd(): boolean;
  /** True when filters make another body, which they write themselves. */
  readonly isTransforming: boolean;
  /** False when the backend must send no more for now. */
  transform(bytes: Buffer, start: number, end: number): boolean;
  transformFlush(): void;
  transformEnd(): void;
}

/** A backend's response that filters are shown. */
export interface PassedResponse {
  /** The response goes on with this head. Called before {@link ResponseFilters.respond} returns, or later. */
  goOn(head: ResponseHead, bodyLength: number): void;
  /** The new body is complete. */
  bodyEnded(): void;
  /** The backend may send more. */
  resume(): void;
}

/** The response of a backend, while filters look at its head. */
export class SeenResponse {
  head: ResponseHead;
  readonly bodyLength: number;
  readonly response: PassedResponse;

  constructor(head: ResponseHead, bodyLength: number, response: PassedResponse) {
    this.head = head;
    this.bodyLength = bodyLength;
    this.response = response;
  }

  /** A filter waits: the memory of the head is used again meanwhile. */
  keep(view: ResponseView): void {
    this.head = this.head.retain();
    view.keep(new HeadFields(this.head));
  }
}
