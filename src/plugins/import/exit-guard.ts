import { fileURLToPath, pathToFileURL } from 'node:url';

import { BalanceError } from '../../errors.ts';

/** The folder of the proxy's own code, which may end the process. */
const OWN_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** The module of the runtime that runs threads. */
const END_OF_THREAD = 'node:internal/main/worker_thread';

type Exit = (code?: number | string | null) => never;

/**
 * Keeps plugins from ending the process with `process.exit`: called from a plugin's code, or from nothing but a timer, it
 * throws. It tells callers apart by the call stack, so it costs nothing until somebody exits. A signal to the own process
 * and `process.abort` can't be held up.
 */
export class ExitGuard {
  readonly #folders = new Set<string>();
  #guarded: { readonly own: Exit; readonly before: Exit } | undefined;

  /** From now on, code in this file or folder may not exit. */
  protect(path: string): void {
    this.#folders.add(path);
    this.#folders.add(pathToFileURL(path).href);
    if (this.#guarded !== undefined) return;
    const before: Exit = Reflect.get(process, 'exit');
    const own: Exit = (code) => {
      if (this.#guarded !== undefined && this.#mayNotExit(stackOf(own)))
        throw new BalanceError('plugin_failed', `a plugin called process.exit(${String(code ?? '')})`);
      return before(code);
    };
    this.#guarded = { own, before };
    process.exit = own;
  }

  /** Gives the function back, unless somebody else replaced it meanwhile: then ours only passes on. */
  close(): void {
    if (this.#guarded !== undefined && process.exit === this.#guarded.own)
      process.exit = this.#guarded.before;
    this.#guarded = undefined;
  }

  #mayNotExit(trace: readonly string[]): boolean {
    // A thread whose error nobody caught is ended by the runtime.
    if (trace[0]?.includes(END_OF_THREAD) === true) return false;
    const stack = trace.filter((line) => !line.includes('node:'));
    const caller = stack[0];
    if (caller === undefined) return true;
    if (caller.includes(OWN_FOLDER)) return false;
    return stack.some((frame) => [...this.#folders].some((folder) => frame.includes(folder)));
  }
}

/** The frames of the callers, the nearest first. */
function stackOf(called: Exit): string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const trace = { stack: '' };
  Error.captureStackTrace(trace, called);
  Error.stackTraceLimit = stackTraceLimit;
  return trace.stack.split('\n').filter((line) => /^\s+at .*[/\\]/.test(line));
}
