import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { loadConfigText } from './load-config.ts';
import type { LoadedConfig } from '../../../src/config/load/loaded-config.ts';
import type { ProtocolHost } from '../../../src/plugin-api/index.ts';
import type { StrayErrors } from '../../../src/plugins/import/guarded-call.ts';
import type { PluginChange } from '../../../src/plugins/plugin-change.ts';
import { PluginLoader, type PluginRequest } from '../../../src/plugins/plugin-loader.ts';
import type { PluginSet } from '../../../src/plugins/plugin-set.ts';
import { owned } from '../owned.ts';
import { PATIENCE_MS } from '../time/patience.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { writeInto } from '../write-into.ts';

export const HOST = { listener: 'test' } as ProtocolHost;

/** A folder with these files that is gone after the test. */
export async function pluginFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'balance-plugins-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  await writeInto(path, files);
  return path;
}

/** A plugin that does nothing but keep its options; `state` tells one version from another. */
export function plainPlugin(name: string, more = '', state = ''): string {
  return `export default { apiVersion: 2, name: '${name}', provision: (options) => ({ protocol: '${name}', active: 0, options, state: '${state}', handle() {}, close: async () => {} }), ${more} };`;
}

/** A loader and a folder of plugins, without a proxy. */
export class PluginLab {
  readonly logger = new RecordingLogger();
  readonly loader: PluginLoader;
  readonly directory: string;

  constructor(directory: string, strayErrors?: StrayErrors) {
    this.directory = directory;
    this.loader = owned(
      new PluginLoader(this.logger, { strayErrors: strayErrors ?? process, guardsExit: true }),
    );
  }

  prepare(more: Partial<PluginRequest> & { readonly limitMs?: number } = {}): Promise<PluginChange> {
    const { limitMs = PATIENCE_MS, ...request } = more;
    return this.loader.prepare({ settings: { directory: this.directory, timeoutMs: limitMs }, ...request });
  }

  /** Loads what is there and makes it live for listeners in these modes; provisions one for each. */
  async goLive(modes: readonly string[], request: Partial<PluginRequest> = {}): Promise<PluginSet> {
    const change = await this.prepare(request);
    const loaded = listenersIn(modes);
    await change.build(loaded, async (plugins) => {
      for (const mode of modes) await plugins.get(mode)!.provision({}, HOST);
    });
    change.commit(loaded);
    return this.loader.live;
  }

  /** Which version of a plugin is live, as its instances say. */
  async liveState(name: string): Promise<string | undefined> {
    return stateOf(this.loader.live, name);
  }

  write(files: Readonly<Record<string, string>>): Promise<void> {
    return writeInto(this.directory, files);
  }

  logged(text: string): string[] {
    return this.logger.lines.filter((line) => line.includes(text));
  }
}

/** Names of the plugins that did not come with the proxy. */
export function strangers(plugins: PluginSet): string[] {
  return [...plugins]
    .filter(({ origin }) => !origin.builtIn)
    .map(({ name }) => name)
    .sort();
}

export async function stateOf(plugins: PluginSet, name: string): Promise<string | undefined> {
  const instance = await plugins.get(name)?.provision({}, HOST);
  return (instance as { state?: string } | undefined)?.state;
}

/** A config with a listener in each of these modes. */
export function listenersIn(modes: readonly string[], options = '{}'): LoadedConfig {
  const listeners = modes.map(
    (mode, index) =>
      `  - { name: l${index}, listen: '127.0.0.1:${index + 1}', mode: ${mode}, options: ${options} }`,
  );
  return loadConfigText(
    `${modes.length === 0 ? 'mode: tcp' : 'listeners:'}\n${listeners.join('\n')}\n${modes.length === 0 ? '' : 'upstreams: []'}\n`,
    'test.yaml',
    {
      modes: ['http', 'tcp', ...modes],
    },
  );
}
