import type { LogOutput } from '../telemetry/logs/output/log-output.ts';
import type { UpgradeEnvironment } from './upgrade/upgrade-environment.ts';
import type { AppObserver } from './parts/app-observer.ts';

/** How a proxy is started. */
export interface AppOptions {
  readonly configFile: string;
  /**
   * Returns the config itself; called at each load. Then `configFile` need not exist: relative paths start from its folder, and problems
   * name keys alone, without lines. Default: the config is what `configFile` holds.
   */
  readonly configText?: () => string;
  /** What `${env:NAME}` reads from. Default: nothing. */
  readonly env?: NodeJS.ProcessEnv;
  /** File descriptor for log lines, or an output that takes them. Default: stdout. */
  readonly output?: number | LogOutput;
  /** File descriptor for warnings about outputs that fail. Default: stderr. */
  readonly errorOutput?: number;
  /** Shown by `/version` and `/status`. */
  readonly version?: string;
  /** Random numbers from 0 to below 1, for balancers. Default: `Math.random`. */
  readonly chance?: () => number;
  /** Ends a start that is under way: everything is closed at once. It has no effect after the start. */
  readonly stopped?: AbortSignal;
  /**
   * Whether the process belongs to another program. Then nothing of the process is changed, not even while a stranger's plugin is loaded:
   * neither `process.exit` nor the handlers of uncaught errors. Default: false.
   */
  readonly embedded?: boolean;
  /** How many workers serve, whatever the config says. Default: `workers` of the config. */
  readonly workers?: number;
  /** How the process can be replaced by a new version. Default: it can't, because another program owns it. */
  readonly upgrades?: UpgradeEnvironment;
  /** Why it can't, if it can't. Default: it is a part of another program. */
  readonly upgradeRefusal?: string;
  readonly observer?: AppObserver;
}
