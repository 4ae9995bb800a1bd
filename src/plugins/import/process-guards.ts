import type { StrayErrors } from './guarded-call.ts';

/** What the loader may change about the process while it runs the code of plugins. */
export interface ProcessGuards {
  /** Reports errors that nobody caught; the loader listens while a plugin is imported or provisions a listener. */
  readonly strayErrors: StrayErrors;
  /** Whether `process.exit` is replaced by one that throws when a plugin calls it. */
  readonly guardsExit: boolean;
}

/** For a process that does nothing else. */
export const OWN_PROCESS: ProcessGuards = { strayErrors: process, guardsExit: true };

/** For a process that belongs to another program: an error that escapes from a plugin and an exit that it asks for are the program's. */
export const FOREIGN_PROCESS: ProcessGuards = {
  strayErrors: { on: () => undefined, off: () => undefined, listenerCount: () => 0 },
  guardsExit: false,
};
