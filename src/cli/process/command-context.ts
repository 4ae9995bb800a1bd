// What commands see of the process that runs them.

/** The process as a command sees it. A test passes its own. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly process: ProcessEvents;
}

/** The process as a command sees it that runs until a signal ends it. */
export interface ServeContext extends CommandContext {
  readonly earlySignals: EarlySignals;
  /** Ends the process now. */
  exit(code: number): void;
}

/** The part of `process` that a running proxy listens to. */
export interface ProcessEvents {
  on(event: string, listener: (...args: readonly unknown[]) => void): unknown;
  removeListener(event: string, listener: (...args: readonly unknown[]) => void): unknown;
}

/** Signals that came before a command listens to them. `main.ts`, the first module of the program, catches them. */
export interface EarlySignals {
  /**
   * For a command that listens to signals itself from now on. Returns the signals that came so far, each once. `main.ts` ignores
   * later ones, so none of them ends the process, not even after the command stopped listening.
   */
  claim(): readonly NodeJS.Signals[];
  /**
   * For a command that runs to its end: signals have their usual effect again, and those that came already have it now.
   * SIGUSR1 stays ignored, because its usual effect is the debugger of Node.js.
   */
  restoreDefaults(): void;
}
