/** Signals that came before a command listens to them. The first module of the program catches them. */
export interface EarlySignals {
  /**
   * For a command that listens itself from now on: the signals that came so far, each once. The first module ignores
   * those that come later, so none of them ends the process, not even when the command stops listening.
   */
  takeOver(): readonly NodeJS.Signals[];
  /**
   * For a command that runs to its end: a signal has its usual effect again, and one that came already has it now.
   * SIGUSR1 stays ignored: its usual effect is the runtime's debugger.
   */
  release(): void;
}
