import type { Lease } from '../../../src/plugin-api/index.ts';
import type { ClientStream } from '../message/client-stream.ts';

/** The attempt that brought the response. */
interface GivenUpAttempt {
  readonly lease: Lease;
  readonly client: Pick<ClientStream, 'stop'>;
}

/** A response that does not go on, since its status counts as a failed try. What came of it in the read with its head is skipped; more is not waited for. */
export class GivenUpResponse {
  readonly #attempt: GivenUpAttempt;
  readonly #status: number;
  readonly #isSent: boolean;

  /** @param isSent whether its whole request was sent: only then may its socket serve other exchanges */
  constructor(attempt: GivenUpAttempt, status: number, isSent: boolean) {
    this.#attempt = attempt;
    this.#status = status;
    this.#isSent = isSent;
  }

  /** @param idleMs as of `Lease.end` */
  end(idleMs: number): void {
    const { client, lease } = this.#attempt;
    client.stop();
    lease.end(undefined, this.#status, this.#isSent ? idleMs : 0);
  }
}
