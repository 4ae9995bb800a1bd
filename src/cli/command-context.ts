import type { EarlySignals } from './run/early-signals.ts';

/** What a command sees of the process: a test can stand in for it. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly process: ProcessEvents;
}

/** What a command sees that runs until a signal ends it. */
export interface ServeContext extends CommandContext {
  readonly earlySignals: EarlySignals;
}

/** The part of `process` that a running proxy listens to. */
export interface ProcessEvents {
  on(event: string, listener: (...args: readonly unknown[]) => void): unknown;
  removeListener(event: string, listener: (...args: readonly unknown[]) => void): unknown;
  /** Ends the process now. */
  exit(code: number): void;
}
