import { ChangeListeners } from './change-listeners.ts';
import type { HandState } from './hand-state.ts';
import type { HandStates } from './hand-states.ts';

/** How a backend stands in one upstream, whatever its settings there are: it outlives edits of them. */
export class MemberStanding {
  readonly changes = new ChangeListeners();
  /** When its state last let it get requests again, or when an edit brought it, by `performance.now()`; undefined since the process began. */
  becameUpAtMs: number | undefined;
  /** Since when it belongs to the upstream, or its weight there is 0 if it is, in ms since 1970. */
  sinceMs = Date.now();
  #isOff = false;
  /** Members that have not left: an edit of the upstream makes another one before the earlier one leaves. */
  #members = 0;
  #hand: HandState | undefined;
  readonly #stopFollowing: () => void;

  /** @param hands the states that operators have set. Default: none */
  constructor(upstream: string, backend: string, hands?: HandStates) {
    this.#hand = hands?.of(upstream, backend);
    this.#stopFollowing =
      hands?.follow(upstream, backend, () => {
        this.#hand = hands.of(upstream, backend);
        this.changes.tell();
      }) ?? (() => undefined);
  }

  /** What an operator has set it to; undefined: nothing, so its checks decide. */
  get hand(): HandState | undefined {
    return this.#hand;
  }

  /**
   * A member begins to use it.
   *
   * @param isEdit false for those that the process begins with
   * @param isOff whether its weight is 0
   */
  enter(isEdit: boolean, isOff = false): void {
    if (isEdit && this.#members === 0) this.becameUpAtMs = performance.now();
    if (isOff !== this.#isOff) this.sinceMs = Date.now();
    this.#isOff = isOff;
    this.#members += 1;
  }

  /** A member gets no new leases any more. */
  leave(): void {
    this.#members -= 1;
  }

  /** No member uses it any more. */
  close(): void {
    this.#stopFollowing();
  }
}
