import type { MortalBackend } from '../backend-fleet.ts';

export interface ProxySettings {
  readonly backends: readonly MortalBackend[];
  readonly workers: number;
  /** A directory of its own. */
  readonly folder: string;
  /** Where it must listen, on 127.0.0.1, if it can't choose by itself. */
  readonly port: number;
}

/** A proxy that takes part. */
export interface KillProxy {
  readonly name: string;
  /** The installed version; undefined when there is none. */
  version(): string | undefined;
  start(settings: ProxySettings): Promise<RunningKillProxy>;
}

export interface RunningKillProxy {
  readonly port: number;
  /** What it complained about. */
  readonly faults: readonly string[];
  /** Gives the backends other weights; only where edits are to be tested. */
  readonly edit?: (weights: readonly number[]) => Promise<void>;
  close(): Promise<void>;
}
