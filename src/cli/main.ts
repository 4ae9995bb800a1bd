#!/usr/bin/env node
// The first module of the program. It imports nothing, so that its handlers stand as early as JavaScript runs at all:
// loading the proxy takes some tenths of a second, in which SIGHUP would end the process and SIGUSR1 start the debugger.
import type { EarlySignals } from './run/early-signals.ts';

/** What a running proxy listens to. SIGPIPE is not among them: the runtime ignores it from its own first moment on. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** Before a command took over or was let go, what comes is kept; SIGUSR1 is ignored by all but a running proxy. */
type State = 'catching' | 'taken over' | 'released';

class CaughtSignals implements EarlySignals {
  /** At most one of each: more of the same say nothing new, and a flood of them takes no memory. */
  readonly #caught = new Set<NodeJS.Signals>();
  readonly #catch = (signal: NodeJS.Signals): void => {
    if (this.#state === 'catching') this.#caught.add(signal);
    else if (this.#state === 'released') this.#haveUsualEffect(signal);
  };
  #state: State = 'catching';

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#catch);
  }

  takeOver(): readonly NodeJS.Signals[] {
    this.#state = 'taken over';
    return [...this.#caught];
  }

  release(): void {
    this.#state = 'released';
    for (const signal of this.#caught) this.#haveUsualEffect(signal);
    // One turn of the loop later: a signal that the kernel handed over already, and the loop has not, would be lost.
    setImmediate(() => {
      for (const signal of SIGNALS) this.#ignoreNoMore(signal);
    });
  }

  #haveUsualEffect(signal: NodeJS.Signals): void {
    if (signal === 'SIGUSR1') return;
    this.#ignoreNoMore(signal);
    process.kill(process.pid, signal);
  }

  #ignoreNoMore(signal: NodeJS.Signals): void {
    if (signal !== 'SIGUSR1') process.removeListener(signal, this.#catch);
  }
}

const signals = new CaughtSignals();
const { runProgram } = await import('./run/run-program.ts');
await runProgram(signals);
