import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';

import { ConfigError } from '../../../../src/config/load/config-error.ts';
import { withCurrentFiles } from '../../../../src/config/load/current-files.ts';
import type { LoadedConfig } from '../../../../src/config/load/loaded-config.ts';
import { CertificateAuthority, type IssuedCertificate } from '../../../support/certificates.ts';
import { loadConfig } from '../../../support/labs/load-config.ts';

const ca = new CertificateAuthority();
const first = ca.issue({ names: ['first.test'] });
const renewed = ca.issue({ names: ['first.test', 'second.test'] });

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'balance-current-'));
  onTestFinished(() => rm(directory, { recursive: true }));
});

async function put({ chain, key }: IssuedCertificate): Promise<void> {
  await writeFile(join(directory, 'a.crt'), chain);
  await writeFile(join(directory, 'a.key'), key);
}

async function loaded(tls = 'tls: { cert_file: a.crt, key_file: a.key }'): Promise<LoadedConfig> {
  await put(first);
  const file = join(directory, 'x.yaml');
  await writeFile(file, `backends: [{ address: "a:1" }]\n${tls}\n`);
  return loadConfig(file, { modes: ['http', 'tcp'] });
}

const keyOf = ({ contents }: LoadedConfig): string | undefined => contents.get(join(directory, 'a.key'));

it('gives an earlier config the certificate of now, with its names', async () => {
  const before = await loaded();
  await put(renewed);
  const now = await withCurrentFiles(before);
  expect(keyOf(now)).toBe(renewed.key);
  expect(now.config.listeners[0]?.tls?.certificates[0]?.domains).toEqual(['first.test', 'second.test']);
  expect(now.certificates[0]?.names).toEqual(['first.test', 'second.test']);
  expect(now.hash).not.toBe(before.hash);
  expect(now.sources.hash).toBe(now.hash);
});

it('keeps names that the config itself has', async () => {
  const before = await loaded(
    'tls: { certificates: [{ cert_file: a.crt, key_file: a.key, domains: [x.test] }] }',
  );
  await put(renewed);
  const now = await withCurrentFiles(before);
  expect(now.config.listeners[0]?.tls?.certificates[0]?.domains).toEqual(['x.test']);
});

it('goes on with what was read then while the files of now are being changed', async () => {
  const before = await loaded();
  await writeFile(join(directory, 'a.crt'), renewed.chain);
  expect(await withCurrentFiles(before)).toBe(before);
});

it('refuses a config whose contents were not kept, and says where', async () => {
  const before: LoadedConfig = { ...(await loaded()), contents: new Map() };
  await rm(join(directory, 'a.key'));
  const error: unknown = await withCurrentFiles(before).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toMatch(/x\.yaml:2:\d+ tls\.key_file names the file "a\.key", which does not exist/);
});

it('takes back a certificate that has expired meanwhile rather than none', async () => {
  const before = await loaded();
  await put(ca.issueExpired({ names: ['old.test'] }));
  const now = await withCurrentFiles(before);
  expect(now.certificates[0]?.names).toEqual(['old.test']);
});

it('leaves a config alone that names no such files', async () => {
  const before = await loaded('');
  expect(await withCurrentFiles(before)).toBe(before);
});
