/** One backend of an upstream as a balancer sees it. The same object is passed for as long as the generation lives. */
export interface Candidate {
  /** Identity for hashing and for turns over edits: the backend's name. */
  readonly id: string;
  /** ≥ 0; 0 means that the backend gets nothing. Never changes. */
  readonly weight: number;
  /** The part of its weight that counts now: above 0, and at most 1. Below 1 while it starts slowly. Changes at any time. */
  readonly factor: number;
  /** Leases that run on it now. Changes at any time. */
  readonly active: number;
  /** {@link up}, with {@link hasRoom}. Only asked of one that is about to be picked: a "no" counts as passed over. Changes at any time. */
  readonly available: boolean;
  /** Would be available if it had room. Changes at any time. */
  readonly up: boolean;
  /** Whether it is below its limits. Changes at any time. */
  readonly hasRoom: boolean;
  /** Candidates with the lowest number are used first. Never changes. */
  readonly priority: number;
  /** Where it is; '' where nobody said. Never changes. */
  readonly zone: string;
  /** The average time to the first byte of its responses, in ms; 0 while it is not known. Changes at any time. */
  readonly responseMs: number;
}

/** The properties of a connection or request that a balancer chooses by. */
export interface PickContext {
  /** The value of `hash_key`; undefined or '' when the request has none. */
  readonly key: string | undefined;
  /** Candidates that were tried already, or undefined. */
  readonly exclude: ReadonlySet<Candidate> | undefined;
}

/**
 * Chooses among the candidates it was made with. Synchronous, without I/O, and without allocation while none is excluded. The time that a
 * pick takes hardly depends on how many candidates there are.
 */
export interface Balancer<C extends Candidate = Candidate> {
  /** A candidate that is available, has a weight above 0 and is not excluded; undefined when there is none. */
  pick(context: PickContext): C | undefined;
  /** What {@link pick} would give now, found out without taking a turn; undefined also when chance decides. */
  peek?(context: PickContext): C | undefined;
  /**
   * Takes over the turns of the previous balancer, as far as both count turns in the same way and have the same candidates (by id):
   * after an edit the turns must not begin with the first backend again. Absent when the balancer remembers nothing between picks.
   */
  resume?(previous: Balancer): void;
  /**
   * The candidate at that index of the list that the balancer was made with may be available again, has fewer leases than before, or
   * another factor. Of all else nobody needs to tell: a balancer asks a candidate again before it picks it.
   */
  changed(at: number): void;
}

/** Returns a random number in [0, 1): `Math.random` outside tests. */
export type Chance = () => number;
