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

/** What is known of the connection or request that needs a backend. */
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
   * Takes over the turns of another balancer, as far as it counts them alike and has the same candidates (by id): an
   * edit must not make everybody begin with the first backend again. Absent where nothing is remembered from pick to pick.
   */
  resume?(previous: Balancer): void;
}

/** A source of chance in [0, 1), `Math.random` outside tests. */
export type Chance = () => number;
