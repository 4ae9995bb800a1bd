import { resolve } from 'node:path';

import type { DevCertLine } from '../command-line/dev-cert-line.ts';
import type { CommandContext } from '../process/command-context.ts';
import { exitCode } from '../process/exit-code.ts';
import { makeFiles } from './dev-cert-files.ts';
import { devCertGuide } from './dev-cert-guide.ts';

/**
 * `balance dev-cert NAME...`: makes a certificate for local development, and the first time an authority that it leads to, which
 * clients are made to trust once. Exits with 1 when a file is in the way or cannot be written.
 */
export async function devCert(line: DevCertLine, context: CommandContext): Promise<number> {
  const made = await makeFiles(line);
  if (typeof made === 'string') {
    context.stderr.write(`balance: ${made}\n`);
    return exitCode.failed;
  }
  context.stdout.write(devCertGuide(line, made, resolve(line.folder)));
  return exitCode.ok;
}
