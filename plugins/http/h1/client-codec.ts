import type { Transport } from '../../../src/plugin-api/index.ts';
import type {
  ClientCodec,
  ClientStream,
  RequestDraft,
  RequestEdits,
  RequestOutline,
  ResponseEvents,
} from '../message/client-stream.ts';
import type { RequestHead } from '../message/message-head.ts';
import { Http1ClientStream } from './client-stream.ts';
import type { ReaderSupply } from './parse/reader-supply.ts';
import { requestDraft } from './write/request-head.ts';

/** Sends requests to backends in HTTP/1.1, one at a time on each connection. */
export class Http1ClientCodec implements ClientCodec {
  readonly #readers: ReaderSupply;

  constructor(readers: ReaderSupply) {
    this.#readers = readers;
  }

  draft(head: RequestHead, edits: RequestEdits, own: string): RequestDraft {
    return requestDraft(head, edits, own);
  }

  open(channel: Transport, request: RequestOutline, events: ResponseEvents): ClientStream {
    const stream = new Http1ClientStream(channel, request, events, this.#readers);
    channel.read(stream);
    return stream;
  }
}
