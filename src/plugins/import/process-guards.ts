import type { StrayErrors } from './guarded-call.ts';

/** What the loader may change about the process while it runs the code of plugins. */
export interface ProcessGuards {
  /** Reports errors that nobody caught; the loader listens while a plugin is imported or provisions a listener. */
  readonly strayErrors: StrayErrors;
  /** Whether `process.exit` is replaced by one that throws when a plugin calls it. */
  readonly guardsExit: boolean;
}

/** For a process that runs nothing but the proxy. */
export const OWN_PROCESS: ProcessGuards = { strayErrors: process, guardsExit: true };

/** For a process of another program, which embeds the proxy: that program handles uncaught errors and `process.exit` of plugins itself. */
export const FOREIGN_PROCESS: ProcessGuards = {
  strayErrors: { on: () => undefined, off: () => undefined, listenerCount: () => 0 },
  guardsExit: false,
};
