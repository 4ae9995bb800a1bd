import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { messageOf } from '../../errors.ts';
import { locationInPlugin } from './location-in-plugin.ts';
import type { PluginSource } from '../source/plugin-source.ts';
import { syntaxErrorLocation } from './syntax-error-location.ts';

/**
 * How long the thread runs on after the import, for errors of what the module has started (a timer, a socket).
 */
const AFTERMATH_MS = 250;
/** A module that fills this heap ends its own thread, and not the process. */
const MAX_HEAP_MB = 512;

/** The code of the thread. It is a text, so that it runs in every runtime, whether the sources are compiled or not. */
const IMPORT_IN_THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { exit } = process;
process.exit = (code) => {
  parentPort.postMessage({ exited: String(code ?? 0) });
  exit(code);
};
const failed = (error) => {
  const isError = error instanceof Error;
  parentPort.postMessage({
    failed: isError ? error.message : String(error),
    stack: isError ? String(error.stack) : '',
    isSyntax: error instanceof SyntaxError && !String(error.code).includes('TYPESCRIPT'),
  });
};
import(workerData).then(() => parentPort.postMessage({ imported: true }), failed);
`;

interface Message {
  readonly imported?: boolean;
  readonly exited?: string;
  readonly failed?: string;
  readonly stack?: string;
  readonly isSyntax?: boolean;
}

/**
 * Imports a plugin in a thread of its own, so that a broken one ends only the thread: one that throws, now or a moment later, never
 * finishes, blocks, fills the heap or calls `process.exit`. Rejects with the reason when the plugin can't be imported. The thread always
 * ends.
 */
export async function tryPlugin(source: PluginSource, limitMs: number): Promise<void> {
  const result = await new Trial(source, limitMs).result;
  if (result === undefined) return;
  // The stack of a syntax error has a location in TypeScript, but not in JavaScript.
  const location =
    (result.isSyntax && (await syntaxErrorLocation(source))) || locationInPlugin(source, result.stack);
  throw new Error(location === '' ? result.reason : `${result.reason} (${location})`);
}

interface Failure {
  readonly reason: string;
  readonly stack: string;
  readonly isSyntax: boolean;
}

class Trial {
  /** Resolves with undefined when the module can be imported. */
  readonly result: Promise<Failure | undefined>;
  readonly #worker: Worker;
  readonly #limit: NodeJS.Timeout;
  #end: (failure: Failure | undefined) => void = () => undefined;
  #imported = false;
  #exited: string | undefined;

  constructor({ file }: PluginSource, limitMs: number) {
    this.result = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#worker = new Worker(IMPORT_IN_THREAD, {
      eval: true,
      workerData: pathToFileURL(file).href,
      // The output is dropped, because the real import prints it again.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#limit = setTimeout(() => {
      this.#fail(`importing it takes longer than ${String(limitMs)} ms`);
    }, limitMs);
    this.#worker.on('message', (message: Message) => {
      this.#hear(message);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#fail(
        `it throws when it is imported: ${messageOf(error)}`,
        error instanceof Error ? (error.stack ?? '') : '',
      );
    });
    this.#worker.on('exit', () => {
      if (this.#exited !== undefined)
        this.#fail(`it calls process.exit(${this.#exited}) when it is imported`);
      else if (this.#imported) this.#finish(undefined);
      else this.#fail('importing it never finishes: nothing is left that its top-level await could wait for');
    });
  }

  #hear({ imported, exited, failed, stack = '', isSyntax = false }: Message): void {
    if (failed !== undefined) this.#fail(failed, stack, isSyntax);
    // A thread that ends because of an error calls `process.exit` too; its error arrives after this message.
    else if (exited !== undefined) this.#exited = exited;
    else if (imported === true) {
      this.#imported = true;
      clearTimeout(this.#limit);
      setTimeout(() => {
        this.#finish(undefined);
      }, AFTERMATH_MS).unref();
    }
  }

  #fail(reason: string, stack = '', isSyntax = false): void {
    this.#finish({ reason, stack, isSyntax });
  }

  #finish(failure: Failure | undefined): void {
    clearTimeout(this.#limit);
    this.#end(failure);
    void this.#worker.terminate();
  }
}
