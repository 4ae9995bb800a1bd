/** The live generation, or one that was replaced and still runs something. */
export interface GenerationReading {
  readonly id: number;
  /** Hash of the config that it was built from. */
  readonly hash: string;
  readonly loadedAtMs: number;
  readonly isLive: boolean;
  /** Connections with an exchange or a tunnel of the generation. */
  readonly active: number;
}

/** A generation that was replaced and still runs something. */
export interface DrainingReading extends GenerationReading {
  readonly replacedAtMs: number;
  /** When the work that still runs is cut; undefined without `reload.drain_timeout`. */
  readonly cutAtMs: number | undefined;
  /** The exchanges and tunnels that still run. */
  readonly holds: readonly HoldReading[];
}

/** Exchanges or tunnels that keep a replaced generation, by where they run. */
export interface HoldReading {
  /** Name of the listener. */
  readonly listener: string;
  readonly protocol: string;
  readonly kind: 'exchange' | 'tunnel';
  /** Name of the upstream; '' while there is none, and where the protocol does not tell. */
  readonly upstream: string;
  /** Name of the backend; '' while there is none, and where the protocol does not tell. */
  readonly backend: string;
  readonly count: number;
}
