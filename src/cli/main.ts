#!/usr/bin/env node
// The first module of the program. It imports nothing, so that its signal handlers stand before any other JavaScript runs.
// Loading the proxy takes some tenths of a second. Without these handlers, SIGHUP would end the process in that time, and SIGUSR1
// would start the debugger.
import type { EarlySignals } from './process/command-context.ts';

/** The signals that a running proxy listens to. SIGPIPE is not among them, because Node.js itself ignores it from the start. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** Until a command claims them or restores their defaults, signals are kept. Only a running proxy acts on SIGUSR1. */
type State = 'catching' | 'claimed' | 'default';

class CaughtSignals implements EarlySignals {
  /** At most one of each: a second one says nothing new, and a flood of them takes no memory. */
  readonly #caught = new Set<NodeJS.Signals>();
  readonly #catch = (signal: NodeJS.Signals): void => {
    if (this.#state === 'catching') this.#caught.add(signal);
    else if (this.#state === 'default') this.#haveUsualEffect(signal);
  };
  #state: State = 'catching';

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#catch);
  }

  claim(): readonly NodeJS.Signals[] {
    this.#state = 'claimed';
    return [...this.#caught];
  }

  restoreDefaults(): void {
    this.#state = 'default';
    for (const signal of this.#caught) this.#haveUsualEffect(signal);
    // One turn of the loop later: the kernel may have delivered a signal that the loop has not reported yet. It would be lost.
    setImmediate(() => {
      for (const signal of SIGNALS) this.#stopCatching(signal);
    });
  }

  #haveUsualEffect(signal: NodeJS.Signals): void {
    if (signal === 'SIGUSR1') return;
    this.#stopCatching(signal);
    process.kill(process.pid, signal);
  }

  #stopCatching(signal: NodeJS.Signals): void {
    if (signal !== 'SIGUSR1') process.removeListener(signal, this.#catch);
  }
}

const signals = new CaughtSignals();
const { runProgram } = await import('./run-program.ts');
await runProgram(signals);
