import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startApp, type App } from '../../../src/app.ts';
import type { ReloadOutcome } from '../../../src/runtime/reload/outcome/reload-outcome.ts';
import { eventually } from '../time/eventually.ts';
import { owned } from '../owned.ts';
import { refuseFixedPorts } from '../addresses/refuse-fixed-ports.ts';
import { testWorkers } from '../workers/test-workers.ts';
import { writeInto } from '../write-into.ts';

/** A proxy whose config a test edits while it runs, in a directory where a test may put more files. */
export class LabProxy {
  readonly app: App;
  readonly directory: string;
  readonly #descriptors: readonly number[];

  constructor(app: App, directory: string, descriptors: readonly number[]) {
    this.app = app;
    this.directory = directory;
    this.#descriptors = descriptors;
  }

  get configFile(): string {
    return join(this.directory, 'balance.yaml');
  }

  /** `host:port` of a listener; without a name of the first one. */
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

  /** Writes another config and asks for a reload. */
  async edit(yaml: string): Promise<ReloadOutcome> {
    await writeFile(this.configFile, yaml);
    const outcome = await this.app.reload();
    refuseFixedPorts(this.app);
    return outcome;
  }

  /** {@link edit} that must succeed; returns what changed. */
  async change(yaml: string): Promise<string> {
    const { ok, message } = await this.edit(yaml);
    if (!ok) throw new Error(message);
    return message;
  }

  async log(): Promise<string> {
    return readFile(join(this.directory, 'balance.log'), 'utf8');
  }

  /** The messages about outputs that fail. */
  async errors(): Promise<string> {
    return readFile(join(this.directory, 'errors.log'), 'utf8');
  }

  /** Waits until a line with that text was written. */
  async untilLogged(text: string): Promise<string> {
    return eventually(
      async () => (await this.log()).split('\n').find((line) => line.includes(text)),
      `${JSON.stringify(text)} was logged`,
    );
  }

  async status(): Promise<Record<string, unknown>> {
    const response = await fetch(`http://${this.adminAddress}/status`);
    return (await response.json()) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    this.app.destroy();
    await this.app.close();
    for (const fd of this.#descriptors) closeSync(fd);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Starts a proxy that ends with the test, with as many workers as `WORKERS` says. `files` are put beside its config first. */
export async function labProxy(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<LabProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'balance-lab-'));
  await writeInto(directory, { 'balance.yaml': yaml, ...files });
  const output = openSync(join(directory, 'balance.log'), 'a');
  const errorOutput = openSync(join(directory, 'errors.log'), 'a');
  try {
    const app = await startApp({
      configFile: join(directory, 'balance.yaml'),
      output,
      errorOutput,
      version: 'test',
      // Turns begin with the first backend.
      chance: () => 0,
      env: { DIRECTORY: directory },
      ...testWorkers(yaml),
    });
    refuseFixedPorts(app);
    return owned(new LabProxy(app, directory, [output, errorOutput]));
  } catch (error) {
    closeSync(output);
    closeSync(errorOutput);
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}
