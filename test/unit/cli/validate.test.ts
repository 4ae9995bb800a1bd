import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { validate } from '../../../src/cli/validate.ts';

const folder = mkdtempSync(join(tmpdir(), 'balance-validate-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function validated(text: string, env: NodeJS.ProcessEnv = {}) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  const stdout = new PassThrough({ encoding: 'utf8' });
  const stderr = new PassThrough({ encoding: 'utf8' });
  const context = {
    env,
    stdout,
    stderr,
    process: Object.assign(new EventEmitter(), { exit: () => undefined }),
  };
  const code = await validate({ command: 'validate', configFile: file, strict: false, json: false }, context);
  return {
    code,
    stdout: ((stdout.read() as string | null) ?? '').replaceAll(file, 'FILE'),
    stderr: ((stderr.read() as string | null) ?? '').replaceAll(file, 'FILE'),
  };
}

describe('validate', () => {
  it('counts what the file holds', async () => {
    const backends = ['a', 'b', 'c'].map(
      (name, index) => `  - { name: ${name}, address: "localhost:${9001 + index}" }\n`,
    );
    expect(await validated(`mode: http\nlisten: ":8080"\nbackends:\n${backends.join('')}`)).toEqual({
      code: 0,
      stdout: 'FILE is valid: 1 listener, 1 upstream, 3 backends\n',
      stderr: '',
    });
  });

  it('reads environment variables where the file asks for them', async () => {
    const text = 'mode: tcp\nlisten: ":${env:PORT}"\nbackends:\n  - { name: a, address: "localhost:9001" }\n';
    expect(await validated(text, { PORT: '8080' })).toMatchObject({ code: 0 });
    await expect(validated(text, { PORT: 'eighty' })).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('shows warnings, and the file is valid all the same', async () => {
    const result = await validated('mode: http\nlisten: ":8080"\n');
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/^warning: FILE/);
  });

  it('throws all problems at once', async () => {
    const text = 'mode: http\nlisten: nowhere\nbackends:\n  - { name: a, address: "localhost:99999" }\n';
    await expect(validated(text)).rejects.toThrow(/:2:\d+ .*\n.*:4:\d+ /);
  });
});
