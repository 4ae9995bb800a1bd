/** The proxy whose config is edited. */
export interface ReloadTarget {
  readonly alive: boolean;
  /** Why the proxy is to be blamed: complaints in its log, an exit. */
  readonly faults: readonly string[];
  /** Asks for a reload without waiting, as SIGHUP does. */
  signal(): void;
  /** Asks for a reload and resolves with what became of it; undefined where there is no such thing. */
  readonly reload: (() => Promise<{ ok: boolean; message: string }>) | undefined;
  /** Resources at this moment. */
  sample(): Promise<TargetSample>;
  /** Ends it; resolves with its exit code or a signal's name. */
  stop(): Promise<number | string>;
}

export interface TargetSample {
  readonly generation: number;
  readonly draining: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Open file descriptors; 0 where the system does not tell. */
  readonly fds: number;
}
