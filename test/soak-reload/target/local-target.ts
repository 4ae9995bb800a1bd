import { closeSync, openSync } from 'node:fs';

import { startApp, type App } from '../../../src/app.ts';
import type { ReloadTarget, TargetSample } from './reload-target.ts';

/** The proxy in this process: nothing to compile, and nothing to say about its memory. */
export class LocalTarget implements ReloadTarget {
  readonly alive = true;
  readonly faults: readonly string[] = [];
  readonly #app: App;
  readonly #output: number;

  private constructor(app: App, output: number) {
    this.#app = app;
    this.#output = output;
  }

  static async start(configFile: string, log: string): Promise<LocalTarget> {
    const output = openSync(log, 'a');
    try {
      return new LocalTarget(await startApp({ configFile, output, version: 'test' }), output);
    } catch (error) {
      closeSync(output);
      throw error;
    }
  }

  signal(): void {
    void this.#app.reload({ source: 'signal' });
  }

  readonly reload = (): Promise<{ ok: boolean; message: string }> => this.#app.reload({ source: 'admin' });

  async sample(): Promise<TargetSample> {
    const response = await fetch(`http://${this.#app.adminAddresses[0] ?? ''}/status`);
    const status = (await response.json()) as { generation: number; draining_generations: number };
    return {
      generation: status.generation,
      draining: status.draining_generations,
      residentBytes: 0,
      heapBytes: 0,
      fds: 0,
    };
  }

  async stop(): Promise<number> {
    this.#app.destroy();
    await this.#app.close();
    closeSync(this.#output);
    return 0;
  }
}
