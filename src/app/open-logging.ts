import { dirname, resolve } from 'node:path';

import { createLogging } from '../telemetry/logs/create-logging.ts';
import type { Logging } from '../telemetry/logs/logging.ts';
import { openLogOutput } from '../telemetry/logs/output/log-output.ts';
import type { AppOptions } from './app-options.ts';

const STDOUT = 1;
const STDERR = 2;
const FIRST_LOGGING = { level: 'info', format: 'text', add_caller: false } as const;

/** The log before the first config says how it is written: lines wait until then. */
export function openLogging({ output = STDOUT, errorOutput = STDERR, configFile }: AppOptions): Logging {
  return createLogging(FIRST_LOGGING, {
    stdout: typeof output === 'object' ? output : openLogOutput(output),
    stderr: () => openLogOutput(errorOutput),
    directory: dirname(resolve(configFile)),
    awaitsSettings: true,
  });
}
