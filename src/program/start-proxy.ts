import { join, resolve } from 'node:path';

import type { AppOptions } from '../app/app-options.ts';
import { startApp } from '../app.ts';
import { packageVersion } from '../package-root.ts';
import { configText } from './config-text.ts';
import { FunctionOutput } from './function-output.ts';
import type { BalanceProxy, StartOptions } from './balance-proxy.ts';
import { ProgramProxy } from './program-proxy.ts';

/**
 * Starts a proxy in this process; resolves when all its listeners accept connections. Any number of them may run side by
 * side. Nothing about the process changes: signals, `process.exit` and uncaught errors stay the program's.
 *
 * @throws ConfigError whose `problems` holds all that is wrong with the config, each with its place; BalanceError for an
 *   address in use or a broken plugin; TypeError for options that contradict each other; the signal's reason
 */
export async function startProxy(options: StartOptions): Promise<BalanceProxy> {
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
  proxy.started(await startApp(appOptions));
  return proxy;
}
