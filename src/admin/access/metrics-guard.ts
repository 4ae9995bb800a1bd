import type { IncomingMessage } from 'node:http';
import { AddressList } from '../../plugin-api/values/address-list.ts';
import { AdminError } from '../endpoint/admin-error.ts';

/** Fields by which a proxy says that it asks for somebody else. */
const FOR_OTHERS = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'cdn-loop'];

/** Refuses requests for the metrics by clients that may not read them. */
export class MetricsGuard {
  readonly #path: string;
  readonly #allowed: AddressList;

  /** @param allow addresses and networks */
  constructor(path: string, allow: readonly string[]) {
    this.#path = path;
    this.#allowed = new AddressList(allow);
  }

  /** Throws an AdminError (403) when the request is for the metrics and may not be answered. */
  check({ socket, headers }: IncomingMessage, path: string): void {
    if (path !== this.#path) return;
    const { remoteAddress } = socket;
    // A unix socket has permissions of its own.
    const mayAsk = remoteAddress === undefined || this.#allowed.has(remoteAddress);
    if (mayAsk && FOR_OTHERS.every((name) => headers[name] === undefined)) return;
    throw new AdminError(403, 'not_allowed', 'the metrics are not for this client');
  }
}
