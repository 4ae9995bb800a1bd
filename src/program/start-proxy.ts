import { join, resolve } from 'node:path';

import type { AppOptions } from '../app/app-options.ts';
import { startApp } from '../app.ts';
import { packageVersion } from '../package-root.ts';
import { configText } from './config-text.ts';
import { FunctionOutput } from './function-output.ts';
import type { BalanceProxy, StartOptions } from './balance-proxy.ts';
import { ProgramProxy } from './program-proxy.ts';

const OPTION_NAMES: readonly string[] = [
  'config',
  'configFile',
  'directory',
  'env',
  'log',
  'signal',
] satisfies (keyof StartOptions)[];

/**
 * Starts a proxy in this process; resolves when all its listeners accept connections. Any number of proxies may run side by side. Nothing
 * of the process changes: signals, `process.exit` and uncaught errors stay in the hands of the program.
 *
 * @throws ConfigError whose `problems` holds all that is wrong with the config, each with its place; BalanceError for an
 *   address in use or a broken plugin; TypeError for options that are unknown or contradict each other; the signal's reason
 */
export async function startProxy(options: StartOptions): Promise<BalanceProxy> {
  checkNames(options);
  const { config, configFile, directory, env = process.env, log, signal } = options;
  if ((config === undefined) === (configFile === undefined))
    throw new TypeError('startProxy needs either config or configFile');
  if (configFile !== undefined && directory !== undefined)
    throw new TypeError('startProxy takes directory with config alone: a file has its own folder');
  const proxy = new ProgramProxy(config === undefined ? undefined : configText(config));
  const appOptions: AppOptions = {
    configFile: configFile ?? join(resolve(directory ?? '.'), 'config'),
    ...(config === undefined ? {} : { configText: () => proxy.text }),
    env: { ...env },
    ...(log === undefined ? {} : { output: new FunctionOutput(log) }),
    version: packageVersion(),
    ...(signal === undefined ? {} : { stopped: signal }),
    embedded: true,
    observer: proxy.observer,
  };
  try {
    proxy.started(await startApp(appOptions));
  } catch (error) {
    // When the signal ended the start, its reason is the error to throw.
    signal?.throwIfAborted();
    throw error;
  }
  return proxy;
}

/** Programs without types may pass a path, or the keys of a config file in place of the options. */
function checkNames(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(
      "startProxy takes an object, such as { configFile: 'my.yaml' } or { config: { listen: ':8080', … } }",
    );
  const unknown = Object.keys(options).filter((name) => !OPTION_NAMES.includes(name));
  if (unknown.length > 0)
    throw new TypeError(
      `startProxy takes ${OPTION_NAMES.join(', ')}, not ${unknown.join(', ')}: the keys of a config file belong in config`,
    );
}
