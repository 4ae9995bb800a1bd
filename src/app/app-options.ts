import type { LogOutput } from '../telemetry/logs/output/log-output.ts';
import type { AppObserver } from './app-observer.ts';

/** How a proxy is started. */
export interface AppOptions {
  readonly configFile: string;
  /**
   * The config itself, asked for at each load. Then there need be no `configFile`: its folder is what relative paths start
   * from, and its problems are told by their keys alone. Default: what `configFile` holds.
   */
  readonly configText?: () => string;
  /** What `${env:NAME}` reads from. Default: nothing. */
  readonly env?: NodeJS.ProcessEnv;
  /** File descriptor for log lines, or what takes them. Default: stdout. */
  readonly output?: number | LogOutput;
  /** File descriptor for warnings about outputs that fail. Default: stderr. */
  readonly errorOutput?: number;
  /** Shown by `/version` and `/status`. */
  readonly version?: string;
  /** For what balancers draw: numbers from 0 to below 1. Default: `Math.random`. */
  readonly chance?: () => number;
  /** Ends a start that is under way: everything is closed at once. Once the proxy is up it means nothing any more. */
  readonly stopped?: AbortSignal;
  /**
   * Whether the process is another program's: then nothing about it is changed, `process.exit` and its handlers for errors
   * that nobody caught included, not even while a stranger's plugin is loaded. Default: false.
   */
  readonly embedded?: boolean;
  readonly observer?: AppObserver;
}
