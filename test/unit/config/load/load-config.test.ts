import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, loadConfigText } from '../../../support/labs/load-config.ts';
import { MAX_CONFIG_FILE_BYTES, hashOf } from '../../../../src/config/files/read-config-file.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'balance-config-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const load = (file: string) => loadConfig(file, { modes: ['http'] });

describe('loadConfig', () => {
  it('gives the config, the file and the hash of its content', async () => {
    const file = join(directory, 'x.yaml');
    const text = 'listen: ":1"\nbackends: [{ address: "a:1" }]\n';
    await writeFile(file, text);
    const loaded = await load(file);
    expect(loaded).toMatchObject({ file, hash: hashOf(text), warnings: [] });
    expect(loaded.config.listeners[0]?.address).toBe(':1');
    expect(loadConfigText(text, file, { modes: ['http'] })).toMatchObject({
      hash: loaded.hash,
      config: loaded.config,
    });
  });

  it('takes a byte order mark', async () => {
    const file = join(directory, 'x.yaml');
    await writeFile(file, '\uFEFFlisten: ":1"\nbackends: []\n');
    expect((await load(file)).config.listeners[0]?.address).toBe(':1');
  });

  it('says that a file does not exist', async () => {
    const file = join(directory, 'none.yaml');
    await expect(load(file)).rejects.toMatchObject({
      code: 'config_invalid',
      message: `${file} does not exist`,
    });
  });

  it('says that a file is a directory', async () => {
    await expect(load(directory)).rejects.toThrow(`${directory} is a directory, not a file`);
  });

  it('says that a pipe can not be a config, and does not wait for it', async () => {
    const file = join(directory, 'pipe');
    execFileSync('mkfifo', [file]);
    await expect(load(file)).rejects.toThrow(
      `${file} is a pipe, which can be read only once: write the config to a file and name that one`,
    );
    await expect(load('/dev/null')).rejects.toThrow('/dev/null is a device, not a file');
  });

  it('says that a file is no text', async () => {
    const file = join(directory, 'x.yaml');
    await writeFile(file, Buffer.from([0x61, 0xff, 0xfe]));
    await expect(load(file)).rejects.toThrow(`${file} must be UTF-8 text`);
  });

  it('refuses a file, and a text in its place, that is too large', async () => {
    const file = join(directory, 'x.yaml');
    const large = Buffer.alloc(MAX_CONFIG_FILE_BYTES + 1, 0x23);
    await writeFile(file, large);
    const problem = `${file} must be at most 4MiB`;
    await expect(load(file)).rejects.toThrow(problem);
    await expect(loadConfig(file, { modes: [], text: large.toString() })).rejects.toThrow(problem);
  });

  it('reads a config with thousands of backends', async () => {
    const file = join(directory, 'x.yaml');
    const backends = Array.from({ length: 5000 }, (_, n) => `  - { name: b${n}, address: "host-${n}:80" }`);
    await writeFile(file, `backends:\n${backends.join('\n')}\n`);
    expect((await load(file)).config.upstreams[0]?.backends).toHaveLength(5000);
  });
});
