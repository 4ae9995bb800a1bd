/** How a proxy is started. */
export interface AppOptions {
  readonly configFile: string;
  /** What `${env:NAME}` reads from. Default: nothing. */
  readonly env?: NodeJS.ProcessEnv;
  /** File descriptor for log lines. Default: stdout. */
  readonly output?: number;
  /** File descriptor for warnings about outputs that fail. Default: stderr. */
  readonly errorOutput?: number;
  /** Shown by `/version` and `/status`. */
  readonly version?: string;
  /** For what balancers draw: numbers from 0 to below 1. Default: `Math.random`. */
  readonly chance?: () => number;
  /** Ends a start that is under way: everything is closed at once. Once the proxy is up it means nothing any more. */
  readonly stopped?: AbortSignal;
}
