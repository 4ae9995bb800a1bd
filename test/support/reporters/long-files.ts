import type { Reporter, TestModule } from 'vitest/node';

const LONG_MS = 120_000;
const LOOK_EVERY_MS = 30_000;

/** Names the files of tests that have begun and do not end, for whoever reads the log of a run that hangs. */
export default class LongFiles implements Reporter {
  /** Since when they run, by their names. */
  readonly #runningSinceMs = new Map<string, number>();

  onTestRunStart(): void {
    setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS).unref();
  }

  onTestModuleQueued({ relativeModuleId }: TestModule): void {
    this.#runningSinceMs.set(relativeModuleId, performance.now());
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#runningSinceMs.delete(relativeModuleId);
  }

  #look(): void {
    for (const [file, sinceMs] of this.#runningSinceMs) {
      const ms = performance.now() - sinceMs;
      if (ms > LONG_MS) process.stdout.write(`not over after ${String(Math.round(ms / 1000))} s: ${file}\n`);
    }
  }
}
