#!/usr/bin/env node
// The first module of the program. It imports nothing, so that its signal handlers stand before any other JavaScript runs.
// Loading the proxy takes some tenths of a second. Without these handlers, SIGHUP would end the process in that time, and SIGUSR1
// would start the debugger.
import type { EarlySignals } from './process/command-context.ts';
import type * as Program from './run-program.ts';

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

  /** The handlers stay: a signal that the kernel has delivered and the event loop has not reported yet would be lost with them. */
  restoreDefaults(): void {
    this.#state = 'default';
    for (const signal of this.#caught) this.#haveUsualEffect(signal);
  }

  #haveUsualEffect(signal: NodeJS.Signals): void {
    if (signal === 'SIGUSR1') return;
    process.removeListener(signal, this.#catch);
    process.kill(process.pid, signal);
  }
}

const signals = new CaughtSignals();
// The compiled program is one file with all that it imports (src/bundle.mjs).
const program = import.meta.url.endsWith('.js') ? './bundle.js' : './run-program.ts';
const { runProgram } = (await import(program)) as typeof Program;
await runProgram(signals);
