import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startApp, type App } from '../../../src/app.ts';
import { refuseFixedPorts } from '../addresses/refuse-fixed-ports.ts';
import { testWorkers } from '../workers/test-workers.ts';

/** A proxy in this process, on free ports, with its config and log in a directory of its own. */
export class RunningProxy {
  readonly app: App;
  readonly configFile: string;
  readonly logFile: string;
  readonly #directory: string;
  readonly #output: number;

  constructor(app: App, directory: string, output: number) {
    this.app = app;
    this.#directory = directory;
    this.#output = output;
    this.configFile = join(directory, 'balance.yaml');
    this.logFile = join(directory, 'balance.log');
  }

  /** `host:port` of a listener; without a name of the only one. */
  address(listener?: string): string {
    const { listeners } = this.app;
    const bound = listener === undefined ? [...listeners.values()][0] : listeners.get(listener);
    if (bound === undefined) throw new Error(`there is no listener ${listener ?? ''}`);
    return bound;
  }

  get adminAddress(): string {
    const address = this.app.adminAddresses[0];
    if (address === undefined) throw new Error('there is no admin server');
    return address;
  }

  /** The log so far, line by line. Lines are written in batches: wait for the one that you want. */
  async logLines(): Promise<string[]> {
    return (await readFile(this.logFile, 'utf8')).split('\n').filter((line) => line !== '');
  }

  /** Drains and writes what was logged; the directory stays until {@link close}. */
  async stop(): Promise<void> {
    await this.app.close();
  }

  async close(): Promise<void> {
    this.app.destroy();
    await this.app.close();
    try {
      closeSync(this.#output);
    } catch {
      // Closed before.
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/**
 * Starts the proxy with that config text, with as many workers as `WORKERS` says. Use port 0 for all addresses.
 * @param chance For what balancers draw; then there is one worker, because no other thread can call it. Default: turns begin with the
 *   first backend.
 */
export async function startProxy(yaml: string, chance?: () => number): Promise<RunningProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'balance-test-'));
  const configFile = join(directory, 'balance.yaml');
  await writeFile(configFile, yaml);
  const output = openSync(join(directory, 'balance.log'), 'a');
  try {
    const turns = chance === undefined ? { chance: () => 0, ...testWorkers(yaml) } : { chance };
    const app = await startApp({ configFile, output, version: 'test', ...turns });
    refuseFixedPorts(app);
    return new RunningProxy(app, directory, output);
  } catch (error) {
    closeSync(output);
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}
