import { isHandshakeReason } from '../../../errors.ts';
import type { HandshakeRecord, HandshakeStatus } from '../../../readings/handshake.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';

const STATUSES = [
  'ok',
  'failed',
  'timeout',
  'refused',
  'aborted',
] as const satisfies readonly HandshakeStatus[];
/** The `reason` label of a code that is not in the table of reasons. */
const OTHER = 'other';
/** The versions of TLS that have series of their own. There are no others today. */
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** Counts handshakes by status, version and reason. All of these are closed lists, so no peer can create series. */
export class HandshakeCounters implements AddableCounters {
  readonly #statuses = new Map<string, number>();
  readonly #reasons = new Map<string, number>();
  /** Finished handshakes by the labels `version` and `resumed`. */
  readonly #connections = new Map<string, number>();

  count({ status, version, resumed, reason }: HandshakeRecord): void {
    countOne(this.#statuses, status);
    if (status === 'ok') countOne(this.#connections, sessionLabels(version, resumed));
    else countOne(this.#reasons, reason !== undefined && isHandshakeReason(reason) ? reason : OTHER);
  }

  read(into: CounterWriter): void {
    for (const counts of [this.#statuses, this.#reasons, this.#connections]) into.counts(counts);
  }

  add(from: CounterReader): void {
    for (const counts of [this.#statuses, this.#reasons, this.#connections]) from.addCounts(counts);
  }

  /** By status, those that did not occur included: a rate sees the first failure only when there was a sample before it. */
  *statuses(labels: string): Iterable<Series> {
    for (const status of STATUSES)
      yield { labels: joined(labels, labelText({ status })), value: this.#statuses.get(status) ?? 0 };
  }

  *reasons(labels: string): Iterable<Series> {
    for (const [reason, value] of this.#reasons)
      yield { labels: joined(labels, labelText({ reason })), value };
  }

  *connections(labels: string): Iterable<Series> {
    for (const [session, value] of this.#connections) yield { labels: joined(labels, session), value };
  }
}

function sessionLabels(version: string | undefined, resumed: boolean | undefined): string {
  return labelText({
    version: VERSIONS.find((known) => known === version) ?? OTHER,
    resumed: String(resumed === true),
  });
}

function countOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function joined(labels: string, more: string): string {
  return labels === '' ? more : `${labels},${more}`;
}
