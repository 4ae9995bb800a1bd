import { AttemptClient, type Received } from './attempt-client.ts';
import type { Delivery, RequestCase } from './case.ts';
import type { ObservingBackend } from './observing-backend.ts';
import { MARK, plainReply, type Forwarded, type Replies } from './observing-backend.ts';

/** The observations of one case in one proxy. */
export interface Observation extends Received {
  readonly forwarded: readonly Forwarded[];
  /** Answers of the backend that reached the client. */
  readonly answers: number;
}

/** How long a proxy may take to end what it began for a client that is gone. */
const PATIENCE_MS = 5_000;

/** One backend and the proxy's port in front of it. Cases follow each other, so whatever the backend sees belongs to the one that runs. */
export class Lane {
  readonly backend: ObservingBackend;
  /** Set as soon as the proxy listens. */
  proxyPort = 0;
  /** Cases after which the proxy kept a connection in the middle of a request. */
  stuck = 0;
  /** A pause after each case, for proxies in other processes. */
  readonly #settleMs: number;

  constructor(backend: ObservingBackend, settleMs: number) {
    this.backend = backend;
    this.#settleMs = settleMs;
  }

  run(attempt: RequestCase): Promise<Observation> {
    return this.exchange(attempt.bytes, attempt.delivery, plainReply);
  }

  async exchange(bytes: string, delivery: Delivery, replies: Replies): Promise<Observation> {
    this.backend.beginCase();
    this.backend.replies = replies;
    const client = await AttemptClient.connect(this.proxyPort);
    this.backend.onActivity = () => client.touch();
    await client.send(bytes, delivery);
    const received = await client.finish();
    await this.#settle();
    const answers = received.bytes.toLowerCase().split(`\n${MARK.toLowerCase()}:`).length - 1;
    return { ...received, forwarded: this.backend.forwarded(), answers };
  }

  async #settle(): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    do {
      await new Promise((resolve) => setTimeout(resolve, this.#settleMs));
    } while (!this.backend.isQuiet && performance.now() < untilMs);
    if (!this.backend.isQuiet) this.stuck += 1;
  }
}

/** Lets each lane run its share of the cases, one after the other; the results are in the order of the cases. */
export async function runAll<Case, Result>(
  lanes: readonly Lane[],
  cases: readonly Case[],
  run: (lane: Lane, attempt: Case) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(cases.length);
  await Promise.all(
    lanes.map(async (lane, first) => {
      for (let at = first; at < cases.length; at += lanes.length) {
        results[at] = await run(lane, cases[at] as Case);
      }
    }),
  );
  return results;
}
