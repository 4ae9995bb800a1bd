import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { loadConfig } from '../../../support/labs/load-config.ts';
import { ROOT } from '../../../support/labs/built-program.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import { owned } from '../../../support/owned.ts';
import { writeInto } from '../../../support/write-into.ts';

/** The configs that README shows. */
async function shown(): Promise<readonly string[]> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => yaml);
}

describe("README's configs", () => {
  it('are valid, and nothing about them deserves a second look', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'balance-readme-'));
    owned({ close: () => rm(folder, { recursive: true }) });
    const file = join(folder, 'readme.yaml');
    const { cert, key } = new CertificateAuthority().issue();
    await writeInto(folder, { 'tls/site.crt': cert, 'tls/site.key': key });
    const configs = await shown();
    expect(configs.length).toBeGreaterThan(1);
    for (const yaml of configs) {
      await writeFile(file, yaml);
      const { warnings } = await loadConfig(file, { modes: ['http', 'tcp'] });
      expect(warnings).toEqual([]);
    }
  });

  it('balance no writes over a primary and its standby', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'balance-readme-'));
    owned({ close: () => rm(folder, { recursive: true }) });
    const file = join(folder, 'readme.yaml');
    for (const yaml of (await shown()).filter((text) => text.includes('mode: tcp'))) {
      await writeFile(file, yaml);
      const { config } = await loadConfig(file, { modes: ['http', 'tcp'] });
      const writes = config.upstreams.find(({ name }) => name === 'primary');
      expect(writes?.backends).toHaveLength(1);
    }
  });
});
