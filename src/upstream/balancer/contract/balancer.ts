/** One backend of an upstream as a balancer sees it. The same object is passed for as long as the generation lives. */
export interface Candidate {
  /** Identity for hashing: the backend's address. Stable across edits that keep the backend. */
  readonly id: string;
  /** ≥ 0; 0 means that the backend gets nothing. */
  readonly weight: number;
  /** Leases that run on it now. */
  readonly active: number;
  /** Healthy and below its connection limit. Changes at any time. */
  readonly available: boolean;
}

/** The properties of a connection or request that a balancer chooses by. */
export interface PickContext {
  /** The value of `hash_key`; undefined or '' when the request has none. */
  readonly key: string | undefined;
  /** Candidates that were tried already, or undefined. */
  readonly exclude: ReadonlySet<Candidate> | undefined;
}

/** Chooses among the candidates it was made with. Synchronous, without I/O, and without allocation while all are available. */
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
}

/** Returns a random number in [0, 1): `Math.random` outside tests. */
export type Chance = () => number;
