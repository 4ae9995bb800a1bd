import { readFileSync, readdirSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

import { parseCommandLine } from '../../../src/cli/command-line/command-line.ts';
import { devCert } from '../../../src/cli/dev-cert/dev-cert.ts';
import { testContext } from '../../unit/cli/test-context.ts';

/** The folder of the examples, as it is in the repository: without certificates. */
export const EXAMPLES = new URL('../../../config/', import.meta.url);

/**
 * A copy of the folder of the examples with the certificates that make-certs.sh makes, because nobody has them in a new clone. The
 * tests of one file share it. Call it at the top level of the file: the copy goes when these tests are over.
 */
export async function exampleFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'balance-examples-'));
  afterAll(() => rm(folder, { recursive: true }));
  const certs = join(fileURLToPath(EXAMPLES), 'certs');
  await cp(EXAMPLES, folder, { recursive: true, filter: (source) => source !== certs });
  await makeCertificates(join(folder, 'certs'));
  return folder;
}

/** What config/make-certs.sh makes, by the path from the folder of the examples. */
export async function exampleCertificates(): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'balance-examples-'));
  try {
    await makeCertificates(folder);
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
    return Object.fromEntries(
      names.map((name) => [`certs/${name}`, readFileSync(join(folder, name), 'utf8')]),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function makeCertificates(folder: string): Promise<void> {
  const script = readFileSync(new URL('make-certs.sh', EXAMPLES), 'utf8');
  for (const [, words = ''] of script.matchAll(/^make (dev-cert .*)$/gm)) {
    const args = words.replaceAll("'", '').split(' ');
    const line = parseCommandLine([...args, '--folder', folder], {});
    if (line.command !== 'dev-cert') throw new Error(`make-certs.sh: ${JSON.stringify(line)}`);
    const context = testContext();
    if ((await devCert(line, context)) !== 0) throw new Error(`make-certs.sh: ${context.written().stderr}`);
  }
}
