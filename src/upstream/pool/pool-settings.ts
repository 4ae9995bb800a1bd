/** How many sockets to one backend are kept, and for how long. */
export interface PoolSettings {
  /** Sockets at most, leased and idle. 0: no limit. */
  readonly maxSize: number;
  /** Sockets kept connected; for use `once` that many are always idle and ready. */
  readonly minIdle: number;
  /** Idle sockets that are kept at most; others are closed when they come back. 0: no limit. */
  readonly maxIdle: number;
  readonly maxIdleTimeMs: number;
  /** 0: no limit. */
  readonly maxAgeMs: number;
  /** Look at a socket before it is given out. */
  readonly validateOnBorrow: boolean;
}
