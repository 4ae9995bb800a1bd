/** How many sockets to one backend a pool keeps, and for how long. */
export interface PoolSettings {
  /** Sockets at most, leased and idle. 0: no limit. */
  readonly maxSize: number;
  /** So many sockets are kept connected. For use `once`: so many are always idle and ready. */
  readonly minIdle: number;
  /** Idle sockets at most; a socket that comes back when there are so many is closed. 0: no limit. */
  readonly maxIdle: number;
  /** 0: no limit. */
  readonly maxIdleTimeMs: number;
  /** 0: no limit. */
  readonly maxAgeMs: number;
  /** Whether an idle socket is checked before a lease gets it. */
  readonly validateOnBorrow: boolean;
}
